//! Throttling of guesses: after a few wrong ones every further one costs a growing wait.
//!
//! Counted in the store, so that replicas share the counts: per account, whether or not it exists, and, far more
//! generously, per address of whoever guesses. It is the verdict that is rationed, not the attempt: of any number of
//! guesses at once only as many learn anything as the budget allows, while any number of right passwords at once get in.
//! A device or an address from which somebody has logged in to the account before has a budget of its own there, so that
//! a stranger's guessing does not keep the owner out. Nothing here locks anybody out for good.

mod address;

use std::net::IpAddr;

use async_trait::async_trait;
use keyward_auth::SecretHash;
use time::{Duration, OffsetDateTime};

use self::address::count_of;
pub use self::address::{Deed, network};
use crate::email::Email;
use crate::events::{Event, EventKind, Origin};
use crate::failure::{Failure, Kind};
use crate::ports::Ports;
use crate::sessions::SessionId;
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
    /// After how long one wrong guess is forgiven; `None` where only a right one, or a day of silence, does that.
    pub forgive: Option<Duration>,
}

/// What may be guessed before it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budgets {
    /// At one account.
    pub account: Budget,
    /// From one address, at whatever account.
    pub address: Budget,
}

/// The counts that a guess belongs to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Guess {
    /// The account's, or that of a device or address known to it.
    account: Option<AttemptKey>,
    /// The address's own; none where the account knows device or address.
    address: Option<AttemptKey>,
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
    /// Forgets whatever was last counted before `before` and by then cost nothing any more.
    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
    /// The addresses that the account's newest sessions were opened from, a hundred at most.
    async fn addresses_of(&mut self, email: &Email) -> Result<Vec<IpAddr>, StoreError>;
    /// The salt of a session of this account, even one that has ended.
    async fn salt_of(&mut self, email: &Email, session: SessionId) -> Result<Option<[u8; 16]>, StoreError>;
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

impl Failure for ThrottleError {
    fn kind(&self) -> Kind {
        match self {
            Self::Throttled(_) => Kind::Throttled,
            Self::Store(error) => error.kind(),
        }
    }
}

/// Rations verdicts. Without budgets it lets everything pass.
#[derive(Clone)]
pub struct Throttle {
    ports: Ports,
    budgets: Option<Budgets>,
}

impl Throttle {
    /// A throttle over these ports.
    pub fn new(ports: Ports, budgets: Option<Budgets>) -> Self {
        Self { ports, budgets }
    }

    /// The counts that guesses of a stranger at the password of `email` belong to, unless they have to wait.
    pub(crate) async fn stranger(
        &self,
        email: &str,
        address: Option<IpAddr>,
    ) -> Result<Guess, ThrottleError> {
        let (Some(_), Ok(email)) = (self.budgets, Email::parse(email)) else { return Ok(Guess::default()) };
        let account = AttemptKey::of("login", email.as_str(), None);
        let address = count_of(Deed::Login, address);
        for key in [Some(account), address].into_iter().flatten() {
            self.check(key).await?;
        }
        Ok(Guess { account: Some(account), address })
    }

    /// The count that guesses from somewhere the account knows belong to, unless they have to wait: from the device that
    /// had `session`, or from an address that had any. `None` where neither is known.
    pub(crate) async fn acquaintance(
        &self,
        email: &Email,
        session: Option<SessionId>,
        address: Option<IpAddr>,
    ) -> Result<Option<Guess>, ThrottleError> {
        let key = match (session, address.map(network)) {
            (Some(session), _) => AttemptKey::of("device", &session.to_string(), None),
            (None, Some(address)) => {
                let known = self.ports.store.autocommit().attempts().addresses_of(email).await?;
                if !known.into_iter().any(|known| network(known) == address) {
                    return Ok(None);
                }
                AttemptKey::of("login", email.as_str(), Some(address))
            }
            (None, None) => return Ok(None),
        };
        self.check(key).await?;
        Ok(Some(Guess { account: Some(key), address: None }))
    }

    /// The count that guesses at one's own password belong to, when it is asked for again.
    pub(crate) async fn proof(&self, user: UserId) -> Result<Guess, ThrottleError> {
        let key = AttemptKey::of("proof", &user.to_string(), None);
        if self.budgets.is_some() {
            self.check(key).await?;
        }
        Ok(Guess { account: Some(key), address: None })
    }

    /// Counts a wrong guess, and records `event` if a wait begins with it. If others have used the budget up meanwhile, this one
    /// learns nothing.
    pub(crate) async fn wrong(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        guess: Guess,
        event: Event,
    ) -> Result<(), ThrottleError> {
        let Some(budgets) = self.budgets else { return Ok(()) };
        if let Some(key) = guess.account {
            let event = event.clone().saying("guesses at an account");
            self.count(repositories, key, budgets.account, event).await?;
        }
        if let Some(key) = guess.address {
            self.count(repositories, key, budgets.address, event.saying(Deed::Login.as_str())).await?;
        }
        Ok(())
    }

    /// Forgets wrong guesses at an account after a right one; an address's own are not. If others have used a budget up
    /// meanwhile, this one learns nothing.
    pub(crate) async fn right(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        guess: Guess,
    ) -> Result<(), ThrottleError> {
        if self.budgets.is_none() {
            return Ok(());
        }
        let now = self.ports.clock.now();
        for key in [guess.account, guess.address].into_iter().flatten() {
            if let Some(until) = repositories.attempts().blocked_until(key, now).await? {
                return Err(wait(now, until).into());
            }
        }
        if let Some(key) = guess.account {
            repositories.attempts().clear(key).await?;
        }
        Ok(())
    }

    /// Counts a deed against the address it came from, unless that has to wait.
    pub(crate) async fn spend(&self, deed: Deed, origin: &Origin) -> Result<(), ThrottleError> {
        let (Some(budgets), Some(key)) = (self.budgets, count_of(deed, origin.device.ip)) else {
            return Ok(());
        };
        self.check(key).await?;
        let event = self.event(origin).saying(deed.as_str());
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                self.count(&mut *tx, key, budgets.address, event.clone()).await?;
                Ok::<_, ThrottleError>(tx.commit().await?)
            })
            .await
    }

    /// What is recorded when a wait begins.
    pub(crate) fn event(&self, origin: &Origin) -> Event {
        Event::new(self.ports.clock.now(), EventKind::Throttled, origin)
    }

    /// Counts by one atomic write, and records the wait if one begins with it.
    async fn count(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        key: AttemptKey,
        budget: Budget,
        event: Event,
    ) -> Result<(), ThrottleError> {
        let now = self.ports.clock.now();
        let counted = repositories.attempts().fail(key, now, budget).await?;
        let until = repositories.attempts().blocked_until(key, now).await?;
        match (counted, until) {
            (false, until) => Err(wait(now, until.unwrap_or(now)).into()),
            (true, Some(_)) => Ok(repositories.events().append(&event).await?),
            (true, None) => Ok(()),
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

    async fn check(&self, key: AttemptKey) -> Result<(), ThrottleError> {
        let now = self.ports.clock.now();
        match self.ports.store.autocommit().attempts().blocked_until(key, now).await? {
            Some(until) => Err(wait(now, until).into()),
            None => Ok(()),
        }
    }
}

pub(crate) fn wait(now: OffsetDateTime, until: OffsetDateTime) -> Throttled {
    let left = (until - now).max(Duration::ZERO);
    Throttled { seconds: u64::try_from(left.whole_seconds()).unwrap_or(0) + 1 }
}
