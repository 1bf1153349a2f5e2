//! The outbox: mails that wait for delivery, or were delivered or given up.

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};

use super::mail::{Lane, Sealed};
use super::store_error::StoreError;
use crate::values::email::Email;
use crate::values::ids::MailId;

/// How long a claim on a mail lasts.
pub const CLAIM: Duration = Duration::minutes(5);

/// A mail claimed for delivery.
pub struct Claimed {
    pub id: MailId,
    /// When the claim ends; identifies the claim.
    pub until: OffsetDateTime,
    /// Attempt number, starting at 1.
    pub attempt: u32,
    pub mail: Sealed,
}

/// To whom a mail may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// To recipients of any domain but these.
    AllBut(Vec<String>),
    /// To recipients of these domains alone.
    Only(Vec<String>),
}

impl Recipients {
    /// To anyone.
    pub const ANY: Self = Self::AllBut(Vec::new());
}

/// The state of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// It is due, now or later.
    Waiting,
    /// The mail server accepted it.
    Sent,
    /// Every attempt failed; there are no more.
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

/// A mail as lists show it: without what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailEntry {
    pub id: MailId,
    pub recipient: Email,
    pub subject: String,
    pub state: MailState,
    /// Number of attempts so far.
    pub attempts: u32,
    /// When it was written.
    pub created_at: OffsetDateTime,
    /// When the next attempt is due, if it is waiting; otherwise when it reached its state.
    pub at: OffsetDateTime,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

/// The outcome of an attempt to deliver a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The mail server accepted it at that time; its text is deleted.
    Sent(OffsetDateTime),
    /// It failed for this reason; the next attempt is due at that time.
    Later(OffsetDateTime, String),
    /// It failed for this reason, for the last time.
    Dead(OffsetDateTime, String),
}

#[async_trait]
pub trait OutboxRepository: Send {
    /// Adds a mail that is due at once.
    async fn enqueue(&mut self, mail: &Sealed) -> Result<MailId, StoreError>;
    /// Removes a mail, if it exists.
    async fn withdraw(&mut self, id: MailId) -> Result<(), StoreError>;
    /// Claims a mail of this lane to one of these recipients that is due, for one caller only, and counts the attempt.
    async fn claim(
        &mut self,
        lane: Lane,
        to: &Recipients,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Option<Claimed>, StoreError>;
    /// Records the outcome of a claimed mail. Returns whether the claim was still valid.
    async fn settle(
        &mut self,
        id: MailId,
        until: OffsetDateTime,
        outcome: &Outcome,
    ) -> Result<bool, StoreError>;
    /// Returns the newest mails, oldest of them first; those of one state ordered by their last or next attempt.
    async fn list(&mut self, state: Option<MailState>, limit: u64) -> Result<Vec<MailEntry>, StoreError>;
    /// Finds a mail, and what it says, sealed: nothing once it was sent.
    async fn find(&mut self, id: MailId) -> Result<Option<(MailEntry, Sealed)>, StoreError>;
    /// Returns the number of mails in a state.
    async fn count(&mut self, state: MailState) -> Result<u64, StoreError>;
    /// Reschedules one waiting or dead mail (all of them if `id` is `None`) for `now` and resets its attempts. Returns the
    /// number affected.
    async fn retry(&mut self, id: Option<MailId>, now: OffsetDateTime) -> Result<u64, StoreError>;
    /// Deletes mails that were sent before `before`. Returns the number deleted.
    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
}
