//! Waiting for sessions that end, on behalf of services that follow the feed.
//!
//! Whoever waits is woken by the changes that this process makes or hears of, and only then asks the database again; or after
//! the revocation bound, for changes of which nobody told. Such a wait ends at once when the server is asked to stop.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use keyward_domain::revocations::{FeedError, News, Position, Revocations};
use keyward_guard::{Documented, Schemas};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};
use utoipa::openapi::path::Operation;

use crate::session_check::Epochs;

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

    /// How long after its end a session is told of.
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

/// Says when the server is asked to stop. Where no server of ours is around, it never says so.
#[derive(Clone)]
pub struct Stopping(Option<watch::Receiver<()>>);

impl Stopping {
    /// Of a server that drops the other end when it stops.
    pub(crate) fn new(closed: watch::Receiver<()>) -> Self {
        Self(Some(closed))
    }

    /// Ready once the server is asked to stop.
    async fn asked(&mut self) {
        match &mut self.0 {
            // Nothing is ever sent: it changes by its end.
            Some(closed) => drop(closed.changed().await),
            None => std::future::pending().await,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Stopping {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or(Self(None)))
    }
}

impl Documented for Stopping {
    fn document(_: &mut Operation, _: &mut Schemas) {}
}
