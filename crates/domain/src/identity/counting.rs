//! Counting what an account may ask for, such as mails.

use time::OffsetDateTime;

use super::verification_error::VerificationError;
use crate::limits::waits::{Throttled, wait};
use crate::model::attempts::{AttemptKey, Budget};
use crate::ports::store::Repositories;

/// Counts one more of what is limited, unless it has to wait.
pub(super) async fn count(
    repositories: &mut (impl Repositories + ?Sized),
    key: AttemptKey,
    now: OffsetDateTime,
    budget: Budget,
    refusal: fn(Throttled) -> VerificationError,
) -> Result<(), VerificationError> {
    if repositories.attempts().fail(key, now, budget).await? {
        return Ok(());
    }
    let until = repositories.attempts().blocked_until(key, now).await?.unwrap_or(now);
    Err(refusal(wait(now, until)))
}
