//! Administrators: who has a second factor administers with it, and the last one stays, for without one no account could be
//! administered.

use super::error::UserError;
use crate::factors::standing::{Standing, strong_enough};
use crate::ports::store::Transaction;
use crate::values::actor::Actor;
use crate::values::ids::UserId;
use crate::values::scopes::Role;

/// Refuses an administrator who has a second factor and has not shown it since its newest was enrolled.
pub(super) async fn administering(
    tx: &mut dyn Transaction,
    administrator: Option<&Actor>,
) -> Result<(), UserError> {
    let Some(actor) = administrator else { return Ok(()) };
    let standing = Standing::of(tx, actor.who).await?;
    strong_enough(actor, &standing).map_err(|_| UserError::TooWeak)
}

/// Refuses to take an administrator away if none would be left.
///
/// Locks the account, and the others that were counted on: of several that are removed at once, one stays.
pub(super) async fn spare_the_last(tx: &mut dyn Transaction, id: UserId) -> Result<(), UserError> {
    let user = tx.user_changes().hold(id).await?;
    let counts = user.is_some_and(|user| user.role == Role::Admin && !user.disabled);
    if counts && tx.user_changes().administrators(2).await? == [id] {
        return Err(UserError::LastAdministrator);
    }
    Ok(())
}
