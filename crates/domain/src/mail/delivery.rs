//! Delivering mail: what is due in the outbox is claimed, sent and settled, by any replica.
//!
//! A mail is neither lost when the server dies, nor sent for something that did not happen, because it is stored in the
//! transaction that causes it. It is sent twice only if a replica dies between the mail server's acceptance and its own
//! record of it, and then under the same `Message-ID`.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::postbox::Postbox;
use super::slots::{Slot, Slots};
use keyward_auth::ErrorCode;

use crate::model::mail::Sealed;
use crate::model::outbox::{CLAIM, Claimed, MailState, Outcome};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::ports::mailer::{MailError, Mailer};
use crate::values::codes;
use crate::values::failure::{Failure, Kind};
use crate::values::ids::MailId;

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

impl Delivered {
    /// Counts one more outcome.
    pub fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Sent(_) => self.sent += 1,
            Outcome::Later(..) => self.later += 1,
            Outcome::Dead(..) => self.dead += 1,
        }
    }
}

/// Why a use case of this module did not happen.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// There is no such mail that could be tried again.
    #[error("mail with id: {0} was not found, or it was sent")]
    NotFound(MailId),
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

    fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound(_) => codes::NOT_FOUND,
            Self::Store(error) => error.code(),
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

    /// Claims the most urgent mail that is due and has a slot left. The caller delivers it and then gives the slot back.
    pub async fn claim(&self, slots: &mut Slots) -> Result<Option<(Claimed, Slot)>, StoreError> {
        let now = self.ports.clock.now();
        for offer in slots.offers(now) {
            let mut repositories = self.ports.store.autocommit();
            let claim = repositories.outbox().claim(offer.lane, &offer.recipients, now, now + CLAIM).await?;
            if let Some(claimed) = claim {
                let slot = slots.take(&offer, claimed.mail.recipient.domain(), now);
                return Ok(Some((claimed, slot)));
            }
        }
        Ok(None)
    }

    /// Gives a slot back, after any outcome of its delivery.
    pub fn give_back(&self, slots: &mut Slots, slot: Slot) {
        slots.give_back(slot, self.ports.clock.now());
    }

    /// Delivers a claimed mail and records the outcome.
    pub async fn deliver(&self, claimed: Claimed) -> Result<Outcome, StoreError> {
        let Claimed { id, until, attempt, mail } = claimed;
        let outcome = match self.send(mail).await {
            Ok(()) => Outcome::Sent(self.ports.clock.now()),
            Err(error) => after(&error, attempt, self.ports.clock.now()),
        };
        self.ports.store.autocommit().outbox().settle(id, until, &outcome).await?;
        Ok(outcome)
    }

    /// Delivers the mails that are due, one after the other, the most urgent first.
    pub async fn deliver_due(&self) -> Result<Delivered, StoreError> {
        let (mut slots, mut delivered) = (Slots::default(), Delivered::default());
        for _ in 0..BATCH {
            let Some((claimed, slot)) = self.claim(&mut slots).await? else { break };
            delivered.add(&self.deliver(claimed).await?);
            self.give_back(&mut slots, slot);
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
