//! The way into the outbox: letters are worded, sealed under the master secret, and kept in the transaction that causes
//! them. A copy of the database shows to whom a mail went and what about, but no link and no code.

use std::sync::Arc;

use keyward_auth::{MasterSecret, Random};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::email::Email;
use crate::letters::{Letter, Letters};
use crate::outbox::{MailId, Message};
use crate::ports::Ports;
use crate::store::{Repositories, StoreError};

const TEXT: &str = "keyward mail text v1";
const HTML: &str = "keyward mail html v1";

/// A mail as it is kept: what it says is encrypted, and bound to its reference.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Names the mail in its `Message-ID`, however often it is sent.
    pub reference: Uuid,
    /// When it was written.
    pub created_at: OffsetDateTime,
    /// To whom.
    pub recipient: Email,
    /// What it is about, in clear: it never holds a secret.
    pub subject: String,
    /// The plain text, encrypted.
    pub text: Vec<u8>,
    /// The HTML, encrypted.
    pub html: Vec<u8>,
}

impl Sealed {
    /// Encrypts what a mail says.
    pub fn new(message: Message, master: &MasterSecret, random: &dyn Random) -> Self {
        let Message { reference, created_at, recipient, letter } = message;
        let seal = |label, words: &str| master.seal(label, reference.as_bytes(), words.as_bytes(), random);
        let (text, html) = (seal(TEXT, &letter.text), seal(HTML, &letter.html));
        Self { reference, created_at, recipient, subject: letter.subject, text, html }
    }

    /// What the mail says; `None` if it was sealed under another master secret.
    pub fn open(self, master: &MasterSecret) -> Option<Message> {
        let open = |label, sealed: &[u8]| {
            let plain = master.open(label, self.reference.as_bytes(), sealed)?;
            String::from_utf8(plain.to_vec()).ok()
        };
        let (text, html) = (open(TEXT, &self.text)?, open(HTML, &self.html)?);
        let letter = Letter { subject: self.subject, text, html };
        Some(Message {
            reference: self.reference,
            created_at: self.created_at,
            recipient: self.recipient,
            letter,
        })
    }
}

/// Words letters and puts them into the outbox.
#[derive(Clone)]
pub struct Postbox {
    /// The words.
    pub letters: Arc<dyn Letters>,
    /// Seals what they say.
    pub master: Arc<MasterSecret>,
}

impl Postbox {
    /// Keeps a letter in the outbox, within the transaction that causes it.
    pub(crate) async fn post(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        ports: &Ports,
        recipient: Email,
        letter: Letter,
    ) -> Result<MailId, StoreError> {
        let mut bytes = [0; 16];
        ports.random.fill(&mut bytes);
        let reference = uuid::Builder::from_random_bytes(bytes).into_uuid();
        let message = Message { reference, created_at: ports.clock.now(), recipient, letter };
        repositories.outbox().enqueue(&Sealed::new(message, &self.master, &*ports.random)).await
    }
}

#[cfg(test)]
mod tests {
    use keyward_auth::SystemRandom;

    use super::*;

    #[test]
    fn a_kept_mail_shows_no_word_of_it_and_opens_under_the_same_secret_and_reference_only() {
        let letter =
            |text: &str| Letter { subject: "Hello".into(), text: text.into(), html: format!("<p>{text}") };
        let message = Message {
            reference: Uuid::from_bytes([1; 16]),
            created_at: OffsetDateTime::UNIX_EPOCH,
            recipient: Email::from_stored("ana@example.com".into()),
            letter: letter("your code is 123456"),
        };
        let master = MasterSecret::generate(&SystemRandom);
        let sealed = Sealed::new(message.clone(), &master, &SystemRandom);
        for part in [&sealed.text, &sealed.html] {
            assert!(!part.windows(6).any(|bytes| bytes == b"123456"));
        }
        assert!(sealed.clone().open(&MasterSecret::generate(&SystemRandom)).is_none());
        assert!(Sealed { reference: Uuid::from_bytes([2; 16]), ..sealed.clone() }.open(&master).is_none());
        assert!(Sealed { text: sealed.html.clone(), ..sealed.clone() }.open(&master).is_none());
        assert!(sealed.open(&master) == Some(message));
    }
}
