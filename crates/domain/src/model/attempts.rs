//! Failed attempts, counted to slow down guessing.

use std::net::IpAddr;

use async_trait::async_trait;
use keyward_auth::SecretHash;
use time::{Duration, OffsetDateTime};

use super::store_error::StoreError;
use crate::values::ids::SessionId;
use crate::values::names::LoginName;

/// What is counted: the digest of its name, so that nothing anybody typed is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptKey(pub [u8; 32]);

impl AttemptKey {
    pub(crate) fn of(kind: &str, subject: &str, address: Option<IpAddr>) -> Self {
        let address = address.map(|address| address.to_string()).unwrap_or_default();
        Self(*SecretHash::of(&format!("{kind}\n{subject}\n{address}")).as_bytes())
    }
}

/// A rate limit: how many failed attempts are free, and how long the waits after that are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The failed attempt after which waits begin.
    pub free: u32,
    /// The first wait; it doubles with each further failed attempt.
    pub first: Duration,
    /// The longest wait.
    pub cap: Duration,
    /// Time after which one failed attempt is forgiven; with `None` only a successful one, or a day without any, does that.
    pub forgive: Option<Duration>,
}

#[async_trait]
pub trait AttemptRepository: Send {
    /// Returns until when the next attempt has to wait, if it has to.
    async fn blocked_until(
        &mut self,
        key: AttemptKey,
        now: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, StoreError>;
    /// Counts a failed attempt, unless it has to wait. Returns whether it was counted.
    async fn fail(
        &mut self,
        key: AttemptKey,
        now: OffsetDateTime,
        budget: Budget,
    ) -> Result<bool, StoreError>;
    /// Takes back one counted attempt, and the wait that began with it, if one did.
    async fn take_back(&mut self, key: AttemptKey, budget: Budget) -> Result<(), StoreError>;
    /// Deletes the failed attempts of `key`.
    async fn clear(&mut self, key: AttemptKey) -> Result<(), StoreError>;
    /// Deletes counts that were last changed before `before` and impose no wait any more. Returns the number deleted.
    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
    /// Returns the IP addresses that the account's newest sessions were opened from, a hundred at most.
    async fn addresses_of(&mut self, name: &LoginName) -> Result<Vec<IpAddr>, StoreError>;
    /// Returns the salt of a session of this account, even one that has ended.
    async fn salt_of(&mut self, name: &LoginName, session: SessionId)
    -> Result<Option<[u8; 16]>, StoreError>;
}
