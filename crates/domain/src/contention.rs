//! Doing a unit of work again that the store refused only because of another one at the same moment.
//!
//! Nothing of a refused one was kept, so doing it again doubles nothing. What became of anything else that failed may
//! be unknown, above all of a commit whose answer was lost: that is never done again here.

use crate::failure::{Failure, Kind};
use crate::ports::Ports;

/// How often it is done again.
const ROUNDS: u32 = 12;

impl Ports {
    /// Does `work`, which begins a transaction and ends by its commit, and does it again from there while it is refused
    /// as [`Kind::Contended`]. It must change nothing but the store.
    pub(crate) async fn retrying<T, E, F, W>(&self, work: F) -> Result<T, E>
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
