//! Throttling of guesses: after a few failed attempts every further one costs a growing wait.
//!
//! Attempts are counted in the store, so that replicas share the counts: per account, whether or not it exists, and, far
//! more generously, per IP address. The result is limited, not the attempt: of any number of parallel guesses only as
//! many learn anything as the budget allows, while any number of correct passwords at once get in. A device or an IP
//! address that has logged in to the account before has a budget of its own there, so that a stranger's guesses do not
//! lock the owner out. No wait is permanent.

mod ahead;

use std::net::IpAddr;

use super::budgets::{Budgets, Deed, count_of, network};
use super::waits::{ThrottleError, wait};
use crate::model::attempts::{AttemptKey, Budget};
use crate::model::events::{Event, EventKind};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::ports::store::Repositories;
use crate::values::by::By;
use crate::values::ids::{SessionId, UserId};
use crate::values::names::{LoginName, Names};
use crate::values::origin::Origin;
use crate::values::proof::Method;

/// The counts that a guess belongs to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Guess {
    /// The account's, or that of a device or address known to it.
    account: Option<AttemptKey>,
    /// The address's own, and what it is counted for; absent where the account knows device or address.
    address: Option<(AttemptKey, Deed)>,
}

impl Guess {
    fn keys(self) -> impl Iterator<Item = AttemptKey> {
        self.account.into_iter().chain(self.address.map(|(key, _)| key))
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

    /// Whether it limits anything.
    pub(crate) fn is_on(&self) -> bool {
        self.budgets.is_some()
    }

    /// The counters of attempts by a stranger at the password of the account `subject`, unless they have to wait: its
    /// [primary name](Names::primary), or the name that no account has. What cannot be a name has no account's count, but
    /// is counted by IP address like any other.
    pub(crate) async fn stranger(
        &self,
        subject: Option<&str>,
        address: Option<IpAddr>,
    ) -> Result<Guess, ThrottleError> {
        if self.budgets.is_none() {
            return Ok(Guess::default());
        }
        let account = subject.map(|subject| AttemptKey::of("login", subject, None));
        self.guess(account, Deed::Login, address).await
    }

    /// The count that guesses from somewhere the account knows belong to, unless they have to wait: from the device that
    /// had `session`, or from an address that had any. `None` where neither is known.
    pub(crate) async fn acquaintance(
        &self,
        name: &LoginName,
        subject: &str,
        session: Option<SessionId>,
        address: Option<IpAddr>,
    ) -> Result<Option<Guess>, ThrottleError> {
        let key = match (session, address.map(network)) {
            (Some(session), _) => AttemptKey::of("device", &session.to_string(), None),
            (None, Some(address)) => {
                let known = self.ports.store.autocommit().attempts().addresses_of(name).await?;
                if !known.into_iter().any(|known| network(known) == address) {
                    return Ok(None);
                }
                AttemptKey::of("login", subject, Some(address))
            }
            (None, None) => return Ok(None),
        };
        self.check(key).await?;
        Ok(Some(Guess { account: Some(key), address: None }))
    }

    /// The count that guesses at one's own password belong to, when it is asked for again: one per account and session, so
    /// that a stolen token does not keep the owner's other sessions from proving it.
    pub(crate) async fn proof(&self, user: UserId, session: SessionId) -> Result<Guess, ThrottleError> {
        let key = AttemptKey::of("proof", &format!("{user} {session}"), None);
        if self.budgets.is_some() {
            self.check(key).await?;
        }
        Ok(Guess { account: Some(key), address: None })
    }

    /// The count that wrong answers to the question for a second factor belong to, unless they have to wait, apart from that of
    /// the password. At a login, which takes the password first: one per account. In a session: one per account and session, so
    /// that a stolen token does not keep the owner from logging in. Each `method` has a count of its own: guessed codes of an
    /// app do not block a recovery code.
    pub(crate) async fn second_factor(
        &self,
        user: UserId,
        session: Option<SessionId>,
        method: Method,
    ) -> Result<Guess, ThrottleError> {
        let session = session.map(|session| session.to_string()).unwrap_or_default();
        let subject = format!("{user} {session} {}", method.as_str());
        let key = AttemptKey::of("second factor", &subject, None);
        if self.budgets.is_some() {
            self.check(key).await?;
        }
        Ok(Guess { account: Some(key), address: None })
    }

    /// The counters of wrong user codes of devices, unless they have to wait: of the account, and of the address.
    pub(crate) async fn user_code(
        &self,
        user: UserId,
        address: Option<IpAddr>,
    ) -> Result<Guess, ThrottleError> {
        if self.budgets.is_none() {
            return Ok(Guess::default());
        }
        let account = Some(AttemptKey::of("device codes", &user.to_string(), None));
        self.guess(account, Deed::Device, address).await
    }

    /// The counts of an account and of an address, unless one of them has to wait.
    async fn guess(
        &self,
        account: Option<AttemptKey>,
        deed: Deed,
        address: Option<IpAddr>,
    ) -> Result<Guess, ThrottleError> {
        let guess = Guess { account, address: count_of(deed, address).map(|key| (key, deed)) };
        for key in guess.keys() {
            self.check(key).await?;
        }
        Ok(guess)
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
        if let Some((key, deed)) = guess.address {
            self.count(repositories, key, budgets.address, event.saying(deed.as_str())).await?;
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
        for key in guess.keys() {
            if let Some(until) = repositories.attempts().blocked_until(key, now).await? {
                return Err(wait(now, until).into());
            }
        }
        if let Some(key) = guess.account {
            repositories.attempts().clear(key).await?;
        }
        Ok(())
    }

    /// Refuses where the IP address has to wait.
    pub(crate) async fn check_address(&self, deed: Deed, origin: &Origin) -> Result<(), ThrottleError> {
        match (self.budgets, count_of(deed, origin.device.ip)) {
            (Some(_), Some(key)) => self.check(key).await,
            _ => Ok(()),
        }
    }

    /// Counts a deed against the address it came from, unless that has to wait.
    pub(crate) async fn spend(&self, deed: Deed, origin: &Origin) -> Result<(), ThrottleError> {
        let (Some(budgets), Some(key)) = (self.budgets, count_of(deed, origin.device.ip)) else {
            return Ok(());
        };
        self.check(key).await?;
        let event = self.event(By::UNKNOWN, origin).saying(deed.as_str());
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                self.count(&mut *tx, key, budgets.address, event.clone()).await?;
                Ok::<_, ThrottleError>(tx.commit().await?)
            })
            .await
    }

    /// What is recorded when a wait begins.
    pub(crate) fn event(&self, by: impl Into<By>, origin: &Origin) -> Event {
        Event::new(self.ports.clock.now(), EventKind::Throttled, by, origin)
    }

    /// Counts by one atomic write, and records the wait if one begins with it.
    async fn count(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        key: AttemptKey,
        budget: Budget,
        event: Event,
    ) -> Result<(), ThrottleError> {
        if self.begins(repositories, key, budget).await? {
            repositories.events().append(&event).await?;
        }
        Ok(())
    }

    /// Counts by one atomic write. Returns whether a wait begins with it.
    async fn begins(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        key: AttemptKey,
        budget: Budget,
    ) -> Result<bool, ThrottleError> {
        let now = self.ports.clock.now();
        let counted = repositories.attempts().fail(key, now, budget).await?;
        let until = repositories.attempts().blocked_until(key, now).await?;
        if counted { Ok(until.is_some()) } else { Err(wait(now, until.unwrap_or(now)).into()) }
    }

    /// Clears the failed attempts at the password of the account of these names, after the password was replaced.
    pub(crate) async fn forgive(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        names: &Names,
    ) -> Result<(), StoreError> {
        repositories.attempts().clear(AttemptKey::of("login", names.primary(), None)).await
    }

    async fn check(&self, key: AttemptKey) -> Result<(), ThrottleError> {
        let now = self.ports.clock.now();
        match self.ports.store.autocommit().attempts().blocked_until(key, now).await? {
            Some(until) => Err(wait(now, until).into()),
            None => Ok(()),
        }
    }
}
