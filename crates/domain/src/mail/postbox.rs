//! The way into the outbox: letters are worded, sealed under the master secret, and stored in the transaction that
//! causes them.

use std::sync::Arc;

use keyward_auth::MasterSecret;
use time::Duration;

use crate::model::attempts::{AttemptKey, Budget};
use crate::model::mail::{Lane, Letter, Message, Sealed};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::ports::letters::Letters;
use crate::ports::store::Transaction;
use crate::values::email::Email;
use crate::values::ids::{MailId, UserId};

/// How many notices an account causes and an e-mail address gets: ten at once, and then about one an hour.
const NOTICES: Budget = Budget {
    free: 10,
    first: Duration::minutes(15),
    cap: Duration::hours(1),
    forgive: Some(Duration::hours(1)),
};

/// Words letters and puts them into the outbox.
#[derive(Clone)]
pub struct Postbox {
    pub letters: Arc<dyn Letters>,
    /// Seals what they say.
    pub master: Arc<MasterSecret>,
}

impl Postbox {
    /// Keeps a letter in the outbox, within the transaction that causes it.
    pub async fn post(
        &self,
        tx: &mut (impl Transaction + ?Sized),
        ports: &Ports,
        lane: Lane,
        recipient: Email,
        letter: Letter,
    ) -> Result<MailId, StoreError> {
        let mut bytes = [0; 16];
        ports.random.fill(&mut bytes);
        let reference = uuid::Builder::from_random_bytes(bytes).into_uuid();
        let message = Message { reference, lane, created_at: ports.clock.now(), recipient, letter };
        tx.outbox().enqueue(&Sealed::new(message, &self.master, &*ports.random)).await
    }

    /// Keeps a notice of a change to the account `of`, unless that account or the recipient had too many: the change
    /// happens all the same, and is among the events. Returns whether it was kept.
    pub async fn notify(
        &self,
        tx: &mut (impl Transaction + ?Sized),
        ports: &Ports,
        of: UserId,
        recipient: Email,
        letter: Letter,
    ) -> Result<bool, StoreError> {
        let now = ports.clock.now();
        let of_account = AttemptKey::of("notices of an account", &of.to_string(), None);
        let of_recipient = AttemptKey::of("notices to", recipient.as_str(), None);
        for key in [of_account, of_recipient] {
            if !tx.attempts().fail(key, now, NOTICES).await? {
                return Ok(false);
            }
        }
        self.post(tx, ports, Lane::Notice, recipient, letter).await?;
        Ok(true)
    }
}
