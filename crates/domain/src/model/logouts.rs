//! Logouts that wait to be delivered to clients (OpenID Connect Back-Channel Logout), and their repository.
//!
//! They are written where sessions end, in the transaction that ends them: see [`SessionEndings`](super::sessions::SessionEndings).
//! What is delivered, refused or given up has no row any more.

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};

use super::outbox::Recipients;
use super::store_error::StoreError;
use crate::values::ids::{ClientId, SessionId, UserId};

/// How long a claim on a logout lasts: a delivery takes five seconds at most.
pub const CLAIM: Duration = Duration::seconds(20);
/// How many logouts of one account may wait for one client. Further ones are not delivered.
pub const MOST_OF_ACCOUNT: u64 = 500;

/// The id of a logout that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogoutId(pub i64);

/// A logout claimed for delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedLogout {
    pub id: LogoutId,
    /// When the claim ends; identifies the claim.
    pub until: OffsetDateTime,
    /// Attempt number, starting at 1.
    pub attempt: u32,
    /// The session of the client that has ended, or whose browser session has.
    pub session: SessionId,
    pub user: UserId,
    pub client: ClientId,
    /// When the session ended.
    pub ended_at: OffsetDateTime,
    /// Host and port of the client when the session ended.
    pub receiver: String,
}

/// How many logouts wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// All that wait.
    pub waiting: u64,
    /// Those among them that were tried, and failed.
    pub failing: u64,
}

#[async_trait]
pub trait LogoutRepository: Send {
    /// Claims a logout that is due and goes to one of these receivers, until `until`: the one of its receiver that is due longest, and
    /// the one of all where no receiver is left out. One caller only gets it.
    async fn claim(
        &mut self,
        to: &Recipients,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Option<ClaimedLogout>, StoreError>;
    /// Removes a claimed logout, which needs no further attempt. Returns whether the claim was still valid.
    async fn settle(&mut self, id: LogoutId, until: OffsetDateTime) -> Result<bool, StoreError>;
    /// Makes a claimed logout due at `at`, counts the attempt and notes why it failed. Returns whether the claim was still valid.
    async fn postpone(
        &mut self,
        id: LogoutId,
        until: OffsetDateTime,
        at: OffsetDateTime,
        reason: &str,
    ) -> Result<bool, StoreError>;
    /// Counts the logouts that wait.
    async fn backlog(&mut self) -> Result<Backlog, StoreError>;
}
