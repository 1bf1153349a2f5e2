//! The outbox: mails are kept in the transaction that causes them, and delivered later, by any replica.
//!
//! So a mail is neither lost when the server dies, nor sent for something that did not happen. Whoever delivers one
//! claims it for a while; only if they die after the mail server took it and before that is noted, is it sent again, and
//! then under the same `Message-ID`.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::email::Email;
use crate::failure::{Failure, Kind};
use crate::letters::Letter;
use crate::ports::Ports;
use crate::postbox::{Postbox, Sealed};
use crate::store::StoreError;

/// The number of a mail in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailId(pub i64);

impl fmt::Display for MailId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A mail: what it says, and to whom. Never printed: it may hold a code or a link that is as good as a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Names the mail in its `Message-ID`, however often it is sent.
    pub reference: Uuid,
    /// When it was written.
    pub created_at: OffsetDateTime,
    /// To whom.
    pub recipient: Email,
    /// What it says.
    pub letter: Letter,
}

/// A mail that was claimed by somebody who will now try to deliver it.
pub struct Claimed {
    /// Its number.
    pub id: MailId,
    /// Until when nobody else claims it; names the claim.
    pub until: OffsetDateTime,
    /// The how many-eth try this is.
    pub attempt: u32,
    /// The mail.
    pub mail: Sealed,
}

/// How far a mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// It will be tried, or tried again.
    Waiting,
    /// The mail server took it.
    Sent,
    /// It is not tried any more.
    Dead,
}

impl MailState {
    /// Every state there is.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Dead];

    /// Its name, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Dead => "dead",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What may be told of a mail without showing what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailEntry {
    /// Its number.
    pub id: MailId,
    /// To whom.
    pub recipient: Email,
    /// What it is about.
    pub subject: String,
    /// How far it is.
    pub state: MailState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was written.
    pub created_at: OffsetDateTime,
    /// When it is tried next, if it is waiting; otherwise when it came to its state.
    pub at: OffsetDateTime,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

/// What becomes of a claimed mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The mail server took it: what it said is forgotten.
    Sent(OffsetDateTime),
    /// It is tried again then, having failed for this reason.
    Later(OffsetDateTime, String),
    /// It is not tried again, having failed for this reason.
    Dead(OffsetDateTime, String),
}

/// Where mails wait.
#[async_trait]
pub trait OutboxRepository: Send {
    /// Adds a mail that is due at once.
    async fn enqueue(&mut self, mail: &Sealed) -> Result<MailId, StoreError>;
    /// Takes a mail back, if there is one of that number.
    async fn withdraw(&mut self, id: MailId) -> Result<(), StoreError>;
    /// Claims a mail that is due, for one caller only, and counts the try.
    async fn claim(
        &mut self,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Option<Claimed>, StoreError>;
    /// Notes what became of a claimed mail; says whether the claim still stood.
    async fn settle(
        &mut self,
        id: MailId,
        until: OffsetDateTime,
        outcome: &Outcome,
    ) -> Result<bool, StoreError>;
    /// The newest mails, oldest of them first; those of one state by when something last happened, or will.
    async fn list(&mut self, state: Option<MailState>, limit: u64) -> Result<Vec<MailEntry>, StoreError>;
    /// How many mails of a state there are.
    async fn count(&mut self, state: MailState) -> Result<u64, StoreError>;
    /// Makes a mail that is waiting or dead due at `now`, with all its tries ahead; without an id every one. Says how many.
    async fn retry(&mut self, id: Option<MailId>, now: OffsetDateTime) -> Result<u64, StoreError>;
    /// Forgets mails that were sent before `before`.
    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
}

/// Hands mails to whoever carries them.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a mail, within a time well below [`CLAIM`]. `Ok` means that somebody else is answerable for it now.
    async fn send(&self, message: &Message) -> Result<(), MailError>;
}

/// A mail was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct MailError {
    /// Whether trying again is of no use.
    pub permanent: bool,
    /// Why, in a line.
    pub reason: String,
}

/// How long a claim stands.
pub const CLAIM: Duration = Duration::minutes(5);
/// How long to wait after each failed try; after the one beyond the last a mail is dead.
pub const DELAYS: [Duration; 9] = [
    Duration::seconds(10),
    Duration::minutes(1),
    Duration::minutes(5),
    Duration::minutes(30),
    Duration::hours(2),
    Duration::hours(4),
    Duration::hours(8),
    Duration::hours(12),
    Duration::hours(24),
];
/// How many mails one call delivers at most.
const BATCH: u32 = 200;

/// What a round of delivering came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// How many mails were taken.
    pub sent: u32,
    /// How many will be tried again.
    pub later: u32,
    /// How many are dead.
    pub dead: u32,
}

/// Why a use case of this module did not happen.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// There is no such mail that could be tried again.
    #[error("mail with id: {0} was not found, or it was sent")]
    NotFound(MailId),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for OutboxError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) => Kind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }
}

/// The use cases of the outbox.
#[derive(Clone)]
pub struct Outbox {
    ports: Ports,
    postbox: Postbox,
    mailer: Arc<dyn Mailer>,
}

impl Outbox {
    /// Use cases over these ports, delivering what was put into `postbox` through `mailer`.
    pub fn new(ports: Ports, postbox: Postbox, mailer: Arc<dyn Mailer>) -> Self {
        Self { ports, postbox, mailer }
    }

    /// How many mails of a state there are.
    pub async fn count(&self, state: MailState) -> Result<u64, StoreError> {
        self.ports.store.autocommit().outbox().count(state).await
    }

    /// Delivers mails that are due, one after the other. Any number of replicas may do so at once.
    pub async fn deliver_due(&self) -> Result<Delivered, StoreError> {
        let mut delivered = Delivered::default();
        for _ in 0..BATCH {
            let now = self.ports.clock.now();
            let claimed = self.ports.store.autocommit().outbox().claim(now, now + CLAIM).await?;
            let Some(Claimed { id, until, attempt, mail }) = claimed else { break };
            let outcome = match self.send(mail).await {
                Ok(()) => Outcome::Sent(self.ports.clock.now()),
                Err(error) => after(&error, attempt, self.ports.clock.now()),
            };
            self.ports.store.autocommit().outbox().settle(id, until, &outcome).await?;
            match outcome {
                Outcome::Sent(_) => delivered.sent += 1,
                Outcome::Later(..) => delivered.later += 1,
                Outcome::Dead(..) => delivered.dead += 1,
            }
        }
        Ok(delivered)
    }

    async fn send(&self, mail: Sealed) -> Result<(), MailError> {
        match mail.open(&self.postbox.master) {
            Some(message) => self.mailer.send(&message).await,
            None => Err(MailError {
                permanent: true,
                reason: "it was sealed under another master secret".to_owned(),
            }),
        }
    }
}

/// What becomes of a mail whose `attempt`-th try failed.
fn after(error: &MailError, attempt: u32, now: OffsetDateTime) -> Outcome {
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    match DELAYS.get(index).filter(|_| !error.permanent) {
        Some(delay) => Outcome::Later(now + *delay, error.reason.clone()),
        None => Outcome::Dead(now, error.reason.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_that_fails_for_good_or_too_often_is_dead_and_otherwise_waits_longer_each_time() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let passing = MailError { permanent: false, reason: "busy".to_owned() };
        let mut before = Duration::ZERO;
        for (attempt, delay) in (1..).zip(DELAYS) {
            assert!(delay > before);
            before = delay;
            assert_eq!(after(&passing, attempt, now), Outcome::Later(now + delay, "busy".to_owned()));
        }
        assert_eq!(after(&passing, 10, now), Outcome::Dead(now, "busy".to_owned()));
        let lasting = MailError { permanent: true, reason: "no such user".to_owned() };
        assert_eq!(after(&lasting, 1, now), Outcome::Dead(now, "no such user".to_owned()));
    }
}
