//! Taking an account's second factors away, whose owner has lost them.

use axum::extract::State;
use axum::response::NoContent;
use keyward_domain::factors::error::{NoUser, TooWeak};
use keyward_domain::factors::removal::TakeFactorsAway;
use keyward_domain::values::by::By;
use keyward_domain::values::ids::UserId;
use keyward_web::Path;

use super::second_factor::Recent;
use crate::access::current_user::{CurrentUser, administers};
use crate::access::scope::Admin;
use crate::answers::refused::Refused;
use crate::extract::{Id, Sender};

/// Take all second factors of an account away
///
/// For a user who has lost them. Their sessions end, and their next login takes the password alone; a mail reports it to them. An administrator with a
/// second factor has to have shown it.
#[utoipa::path(delete, path = "/users/{id}/factors", tag = "users")]
pub async fn remove_user_factors(
    admin: CurrentUser<Admin, Recent>,
    State(take_away): State<TakeFactorsAway>,
    Sender(origin): Sender,
    Path(id): Path<Id<UserId>>,
) -> Result<NoContent, Refused<(NoUser, TooWeak)>> {
    administers(&admin, id)?;
    take_away.of(id, Some(&*admin), &By::from(&*admin), &origin).await?;
    Ok(NoContent)
}
