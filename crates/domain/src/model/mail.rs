//! A mail, and the form in which it is stored: what it says is encrypted under the master secret.
//!
//! A copy of the database shows the recipient and the subject of a mail, but no link and no code.

use keyward_auth::{MasterSecret, Random};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::values::email::Email;

const TEXT: &str = "keyward mail text v1";
const HTML: &str = "keyward mail html v1";

/// What a mail is for, which decides what goes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// A code or a link that a person waits for.
    #[default]
    Code,
    /// Reports a change of an account.
    Notice,
    /// Anything else.
    Other,
}

impl Lane {
    /// Every lane, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Code, Self::Notice, Self::Other];

    /// Its number, as stored: the lower, the more urgent.
    pub fn number(self) -> i64 {
        self as i64
    }

    /// The lane of that number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.number() == number)
    }
}

/// What a mail says, once in plain text and once in HTML.
///
/// May hold a secret, such as a code: it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    /// The same in HTML.
    pub html: String,
}

/// A mail: what it says, and to whom. Never printed: it may hold a code or a link that is as good as a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Names the mail in its `Message-ID`, however often it is sent.
    pub reference: Uuid,
    /// What it is for.
    pub lane: Lane,
    /// When it was written.
    pub created_at: OffsetDateTime,
    pub recipient: Email,
    pub letter: Letter,
}

/// A mail as it is kept: what it says is encrypted, and bound to its reference.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Names the mail in its `Message-ID`, however often it is sent.
    pub reference: Uuid,
    /// What it is for.
    pub lane: Lane,
    /// When it was written.
    pub created_at: OffsetDateTime,
    pub recipient: Email,
    /// What it is about, in clear: it never holds a secret.
    pub subject: String,
    /// The plain text, encrypted.
    pub text: Vec<u8>,
    pub html: Vec<u8>,
}

impl Sealed {
    /// Encrypts what a mail says.
    pub fn new(message: Message, master: &MasterSecret, random: &dyn Random) -> Self {
        let Message { reference, lane, created_at, recipient, letter } = message;
        let seal = |label, words: &str| master.seal(label, reference.as_bytes(), words.as_bytes(), random);
        let (text, html) = (seal(TEXT, &letter.text), seal(HTML, &letter.html));
        Self { reference, lane, created_at, recipient, subject: letter.subject, text, html }
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
            lane: self.lane,
            created_at: self.created_at,
            recipient: self.recipient,
            letter,
        })
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
            lane: Lane::Code,
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
