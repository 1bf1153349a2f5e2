//! Throttling of guesses: after a few wrong passwords every further one costs a growing wait.
//!
//! Counted per account, in the store, so that replicas share the count; whether the account exists makes no
//! difference. It is the verdict that is rationed, not the attempt: of any number of guesses at once only as many
//! learn anything as the budget allows, while any number of right passwords at once get in. An address from which
//! somebody has logged in to the account before has a budget of its own there, so that a stranger's guessing does
//! not keep the owner out.

use std::net::IpAddr;

use async_trait::async_trait;
use keyward_auth::SecretHash;
use time::{Duration, OffsetDateTime};

use crate::email::Email;
use crate::ports::Ports;
use crate::store::{Repositories, StoreError};
use crate::users::UserId;

/// What is counted: the digest of its name, so that nothing anybody typed is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptKey(pub [u8; 32]);

impl AttemptKey {
    pub(crate) fn of(kind: &str, subject: &str, address: Option<IpAddr>) -> Self {
        let address = address.map(|address| address.to_string()).unwrap_or_default();
        Self(*SecretHash::of(&format!("{kind}\n{subject}\n{address}")).as_bytes())
    }
}

/// How many wrong guesses cost nothing, and what the next ones cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The wrong guess that begins to cost.
    pub free: u32,
    /// The wait after that one; it doubles with each further one.
    pub first: Duration,
    /// The longest wait.
    pub cap: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self { free: 5, first: Duration::seconds(1), cap: Duration::minutes(15) }
    }
}

/// Where wrong guesses are counted.
#[async_trait]
pub trait AttemptRepository: Send {
    /// Until when the next guess has to wait, if it has to.
    async fn blocked_until(
        &mut self,
        key: AttemptKey,
        now: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, StoreError>;
    /// Counts a wrong guess, unless it has to wait; says whether it was counted.
    async fn fail(
        &mut self,
        key: AttemptKey,
        now: OffsetDateTime,
        budget: Budget,
    ) -> Result<bool, StoreError>;
    /// Forgets the wrong guesses of `key`.
    async fn clear(&mut self, key: AttemptKey) -> Result<(), StoreError>;
    /// Forgets whatever was last counted before `before`.
    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
    /// Whether this address has had a session of this account.
    async fn is_known(&mut self, email: &Email, address: IpAddr) -> Result<bool, StoreError>;
}

/// Too many wrong guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Too many attempts. Try again in {seconds} s.")]
pub struct Throttled {
    /// How long to wait.
    pub seconds: u64,
}

/// Why a verdict is not given.
#[derive(Debug, thiserror::Error)]
pub enum ThrottleError {
    /// It has to wait.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Rations verdicts on passwords. Without a budget it lets everything pass.
#[derive(Clone)]
pub struct Throttle {
    ports: Ports,
    budget: Option<Budget>,
}

impl Throttle {
    /// A throttle over these ports.
    pub fn new(ports: Ports, budget: Option<Budget>) -> Self {
        Self { ports, budget }
    }

    /// The count that guesses at the password of `email` from `address` belong to, unless they have to wait.
    pub(crate) async fn login(
        &self,
        email: &str,
        address: Option<IpAddr>,
    ) -> Result<Option<AttemptKey>, ThrottleError> {
        let (Some(_), Ok(email)) = (self.budget, Email::parse(email)) else { return Ok(None) };
        let anyone = AttemptKey::of("login", email.as_str(), None);
        let Some(address) = address else { return self.check(anyone).await.map(Some) };
        match self.check(anyone).await {
            Err(ThrottleError::Throttled(throttled)) => {
                if !self.ports.store.autocommit().attempts().is_known(&email, address).await? {
                    return Err(throttled.into());
                }
                self.check(AttemptKey::of("login", email.as_str(), Some(address))).await.map(Some)
            }
            other => other.map(Some),
        }
    }

    /// The count that guesses at one's own password belong to, when it is asked for again.
    pub(crate) async fn proof(&self, user: UserId) -> Result<Option<AttemptKey>, ThrottleError> {
        match self.budget {
            Some(_) => self.check(AttemptKey::of("proof", &user.to_string(), None)).await.map(Some),
            None => Ok(None),
        }
    }

    /// Counts a wrong guess. If others have used the budget up meanwhile, this one learns nothing.
    pub(crate) async fn wrong(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        key: Option<AttemptKey>,
    ) -> Result<(), ThrottleError> {
        let (Some(budget), Some(key)) = (self.budget, key) else { return Ok(()) };
        let now = self.ports.clock.now();
        if repositories.attempts().fail(key, now, budget).await? {
            return Ok(());
        }
        let until = repositories.attempts().blocked_until(key, now).await?;
        Err(wait(now, until.unwrap_or(now)).into())
    }

    /// Forgets wrong guesses after a right one. If others have used the budget up meanwhile, this one learns nothing.
    pub(crate) async fn right(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        key: Option<AttemptKey>,
    ) -> Result<(), ThrottleError> {
        let (Some(_), Some(key)) = (self.budget, key) else { return Ok(()) };
        let now = self.ports.clock.now();
        match repositories.attempts().blocked_until(key, now).await? {
            Some(until) => Err(wait(now, until).into()),
            None => Ok(repositories.attempts().clear(key).await?),
        }
    }

    /// Forgets wrong guesses at the password of `email`, which somebody has just replaced.
    pub(crate) async fn forgive(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        email: &Email,
    ) -> Result<(), StoreError> {
        repositories.attempts().clear(AttemptKey::of("login", email.as_str(), None)).await
    }

    async fn check(&self, key: AttemptKey) -> Result<AttemptKey, ThrottleError> {
        let now = self.ports.clock.now();
        match self.ports.store.autocommit().attempts().blocked_until(key, now).await? {
            Some(until) => Err(wait(now, until).into()),
            None => Ok(key),
        }
    }
}

pub(crate) fn wait(now: OffsetDateTime, until: OffsetDateTime) -> Throttled {
    let left = (until - now).max(Duration::ZERO);
    Throttled { seconds: u64::try_from(left.whole_seconds()).unwrap_or(0) + 1 }
}
