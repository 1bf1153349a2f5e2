//! Units of work that the database refused only because of another one at the same moment, and the wait before they
//! are tried again.
//!
//! PostgreSQL and the engines that speak like it say so by two SQLSTATEs, and only when nothing of it was kept. An
//! answer that was lost, even a commit's, is another matter: that is never tried again.

use std::time::Duration;

use keyward_auth::{Random, SystemRandom};
use sea_orm::{DbErr, RuntimeErr};
use sqlx::Error as SqlxError;

/// A transaction that could not be serialized with another; one of several that waited for each other in a ring.
const STATES: [&str; 2] = ["40001", "40P01"];
/// The longest wait before the first repetition; it doubles with each further one.
const FIRST: Duration = Duration::from_millis(5);
/// The longest wait.
const LONGEST: Duration = Duration::from_millis(250);

/// Whether another unit of work was in the way, and nothing was kept of this one.
pub(crate) fn is_contention(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    let SqlxError::Database(error) = &**error else { return false };
    error.code().is_some_and(|code| STATES.contains(&&*code))
}

/// The wait before the `round`-th repetition: exponential backoff with full jitter.
pub(crate) async fn pause(round: u32) {
    let most = (FIRST * 2_u32.saturating_pow(round.saturating_sub(1).min(16))).min(LONGEST);
    let mut bytes = [0; 4];
    SystemRandom.fill(&mut bytes);
    let part = f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX);
    tokio::time::sleep(most.mul_f64(part)).await;
}
