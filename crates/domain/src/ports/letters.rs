//! The letters port: what mails say. How they are worded and laid out is decided elsewhere.

use keyward_auth::ErrorCode;
use time::OffsetDateTime;

use crate::model::mail::Letter;
use crate::values::codes;
use crate::values::email::Email;
use crate::values::failure::{Failure, Kind};
use crate::values::origin::Device;

/// Words letters. Pure: no waiting, so that it may be asked within a transaction.
pub trait Letters: Send + Sync {
    /// Holds the link to choose a new password with.
    fn password_reset(&self, link: &str) -> Result<Letter, LetterError>;
    /// Holds a code of six digits and a link, either of which proves that the address is the reader's.
    fn email_verification(&self, link: &str, code: &str) -> Result<Letter, LetterError>;
    /// Says that the account has another password.
    fn password_changed(&self) -> Result<Letter, LetterError>;
    /// Says that the account has a further second factor: `what`, in a few words.
    fn factor_added(&self, what: &str) -> Result<Letter, LetterError>;
    /// Says that the account has lost a second factor: `what`, in a few words.
    fn factor_removed(&self, what: &str) -> Result<Letter, LetterError>;
    /// Says that the account was logged in to from an IP address that it does not know.
    fn new_device(&self, device: &Device, at: OffsetDateTime) -> Result<Letter, LetterError>;
    /// Tells the old address of an account that it has a new one.
    fn email_changed(&self, new: &Email) -> Result<Letter, LetterError>;
}

/// A letter could not be worded: a template is at fault.
#[derive(Debug, thiserror::Error)]
#[error("the letter {name} could not be written: {reason}")]
pub struct LetterError {
    pub name: &'static str,
    /// What is wrong with its template.
    pub reason: String,
}

impl Failure for LetterError {
    fn kind(&self) -> Kind {
        Kind::Internal
    }

    fn code(&self) -> ErrorCode {
        codes::INTERNAL
    }
}
