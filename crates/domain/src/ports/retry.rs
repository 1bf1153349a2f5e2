//! Retrying a unit of work that lost a race with a concurrent one.
//!
//! Nothing of it was written, so a retry duplicates nothing. The outcome of any other failure may be unknown, above all of
//! a commit whose answer was lost: that is never retried here.

use super::bundle::Ports;
use crate::values::failure::{Failure, Kind};

const ROUNDS: u32 = 12;

impl Ports {
    /// Runs `work`, which begins a transaction and ends with its commit, and runs it again while it fails with
    /// [`Kind::Contended`]. It must change nothing but the store.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn retrying<T, E, F, W>(&self, work: F) -> Result<T, E>
    where
        E: Failure,
        F: Fn() -> W,
        W: Future<Output = Result<T, E>>,
    {
        for round in 1..=ROUNDS {
            match work().await {
                Err(error) if error.kind() == Kind::Contended => self.store.rest(round).await,
                done => return done,
            }
        }
        work().await
    }
}
