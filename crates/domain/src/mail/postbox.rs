//! The way into the outbox: letters are worded, sealed under the master secret, and stored in the transaction that
//! causes them.

use std::sync::Arc;

use keyward_auth::MasterSecret;

use crate::model::mail::{Letter, Message, Sealed};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::ports::letters::Letters;
use crate::ports::store::Transaction;
use crate::values::email::Email;
use crate::values::ids::MailId;
use crate::values::names::Names;

/// Words letters and puts them into the outbox.
#[derive(Clone)]
pub struct Postbox {
    pub letters: Arc<dyn Letters>,
    /// Seals what they say.
    pub master: Arc<MasterSecret>,
}

impl Postbox {
    /// Keeps a letter for the owner of an account, if the account has an e-mail address.
    pub async fn notify(
        &self,
        tx: &mut (impl Transaction + ?Sized),
        ports: &Ports,
        owner: &Names,
        letter: Letter,
    ) -> Result<(), StoreError> {
        match owner.email() {
            Some(email) => self.post(tx, ports, email.clone(), letter).await.map(drop),
            None => Ok(()),
        }
    }

    /// Keeps a letter in the outbox, within the transaction that causes it.
    pub async fn post(
        &self,
        tx: &mut (impl Transaction + ?Sized),
        ports: &Ports,
        recipient: Email,
        letter: Letter,
    ) -> Result<MailId, StoreError> {
        let mut bytes = [0; 16];
        ports.random.fill(&mut bytes);
        let reference = uuid::Builder::from_random_bytes(bytes).into_uuid();
        let message = Message { reference, created_at: ports.clock.now(), recipient, letter };
        tx.outbox().enqueue(&Sealed::new(message, &self.master, &*ports.random)).await
    }
}
