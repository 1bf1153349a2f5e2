//! Waiting for sessions that end, on behalf of services that follow the feed.
//!
//! A waiting request asks the database again when this process makes a change or is notified of one, and after the
//! revocation bound, for changes without a notification. The wait ends at once when the server is asked to stop.

use std::sync::Arc;
use std::time::Duration;

use keyward_domain::model::revocations::{News, Position};
use keyward_domain::sessions::feed::{FeedError, Revocations};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::access::epochs::Epochs;
use crate::boundary::stopping::Stopping;

/// The least time between two questions of one who waits, however much changes meanwhile.
const LEAST: Duration = Duration::from_millis(100);

/// The feed, and how to wait for it.
#[derive(Clone)]
pub struct Feed {
    revocations: Revocations,
    epochs: Arc<Epochs>,
    bound: Duration,
}

impl Feed {
    /// A feed whose readers wake when `epochs` move, and look once every `bound` in any case.
    pub(crate) fn new(revocations: Revocations, epochs: Arc<Epochs>, bound: Duration) -> Self {
        Self { revocations, epochs, bound: bound.max(LEAST) }
    }

    /// How long the feed reports a session after its end.
    pub(crate) fn kept(&self) -> time::Duration {
        self.revocations.kept()
    }

    /// What came after `position`: at once, if there is anything; otherwise when there is, when the `wait` is over, or when the
    /// server stops.
    pub(crate) async fn news(
        &self,
        mut position: Position,
        wait: Duration,
        mut stopping: Stopping,
    ) -> Result<News, FeedError> {
        let until = Instant::now() + wait;
        // From before the first look, so that no change falls between looking and waiting.
        let mut changes = self.epochs.changes();
        loop {
            changes.mark_unchanged();
            let looked = Instant::now();
            let news = self.revocations.after(&position).await?;
            if !news.revocations.is_empty() || looked >= until {
                return Ok(news);
            }
            let change = timeout_at(until.min(looked + self.bound), changes.changed());
            tokio::select! {
                () = stopping.asked() => return Ok(news),
                _ = change => sleep_until(until.min(looked + LEAST)).await,
            }
            position = news.position;
        }
    }
}
