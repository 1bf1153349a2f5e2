//! What a session has shown of its account's proofs, kept in the session's row.

use time::OffsetDateTime;

use super::error::FactorError;
use crate::ports::store::Transaction;
use crate::values::actor::Actor;
use crate::values::proof::Method;

/// Notes in the actor's session that `method` was shown at `now`. It is added to what the session has shown by now: the actor's
/// token may be older than that. The account has to be held, and `now` read since, so that times go on in the order of changes.
///
/// # Errors
/// [`FactorError::CallerGone`] where the session has ended.
pub(crate) async fn note_shown(
    tx: &mut dyn Transaction,
    actor: &Actor,
    method: Method,
    now: OffsetDateTime,
) -> Result<(), FactorError> {
    let session = actor.session().ok_or(FactorError::CallerGone)?;
    let live = tx.sessions().live(session).await?.filter(|live| live.session.user == actor.who);
    let proof = live.ok_or(FactorError::CallerGone)?.session.proof.and(method, now);
    let noted = tx.session_proofs().prove(actor.who, session, &proof).await?;
    if noted { Ok(()) } else { Err(FactorError::CallerGone) }
}
