//! How much a token has to be good for before it adds what logs in with everything.

use keyward_auth::ScopeSet;

use super::error::FactorError;
use crate::ports::store::Repositories;
use crate::values::actor::Actor;
use crate::values::scopes::{ENROL, Grants, Role};

/// A passkey logs in with all that its owner may have, so only a token that is good for all of it adds one. A token that is good
/// for enrolling alone counts as the session behind it: what that was granted, without a client in between.
pub(super) async fn broad_enough(
    repositories: &mut (impl Repositories + ?Sized),
    actor: &Actor,
    grants: &Grants,
    role: Role,
) -> Result<(), FactorError> {
    let whole = grants.of(role);
    if whole.is_subset(&actor.scope) {
        return Ok(());
    }
    let enrols = ScopeSet::from_names([ENROL]).is_ok_and(|enrol| enrol == actor.scope);
    if let Some(session) = actor.session().filter(|_| enrols) {
        let live = repositories.sessions().live(session).await?;
        if live.is_some_and(|live| live.session.client.is_none() && whole.is_subset(&live.session.scope)) {
            return Ok(());
        }
    }
    Err(FactorError::TooNarrow)
}
