//! The letters port: what mails say. How they are worded and laid out is decided elsewhere.

use keyward_auth::ErrorCode;
use time::OffsetDateTime;

use crate::model::api_keys::{ApiKey, KeyName};
use crate::model::mail::Letter;
use crate::model::passkeys::Passkey;
use crate::model::users::User;
use crate::values::codes;
use crate::values::email::Email;
use crate::values::failure::{Failure, Kind};
use crate::values::origin::Device;

/// Whom a letter is for.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The e-mail address that it is about: the account's, or one that has to be proven.
    pub email: &'a Email,
    /// What the account's owner is called: the name that they chose, or else their user name. For an address that is not
    /// proven, it may be a stranger's words.
    pub name: Option<&'a str>,
}

impl<'a> Reader<'a> {
    /// The owner of an account, if it has an e-mail address.
    pub fn of(user: &'a User) -> Option<Self> {
        Some(Self::at(user.names.email()?, user))
    }

    /// The owner of an account, at this address.
    pub fn at(email: &'a Email, user: &'a User) -> Self {
        Self { email, name: user.called() }
    }
}

/// What opens an account beside its password, and goes on doing so after a change of that. Empty where the reader may be a
/// stranger: it holds their words.
#[derive(Clone, Debug, Default)]
pub struct Besides {
    /// Passkeys, which log in alone.
    pub passkeys: Vec<Passkey>,
    /// API keys.
    pub api_keys: Vec<ApiKey>,
}

/// Words letters. Pure: no waiting, so that it may be asked within a transaction.
pub trait Letters: Send + Sync {
    /// Holds the link to choose a new password with.
    fn password_reset(&self, reader: Reader<'_>, token: &str) -> Result<Letter, LetterError>;
    /// Holds a code of six digits and a link, either of which proves that the account's address is the reader's.
    fn email_verification(&self, reader: Reader<'_>, token: &str, code: &str) -> Result<Letter, LetterError>;
    /// The same for an address that is to become the account's.
    fn email_change(&self, reader: Reader<'_>, token: &str, code: &str) -> Result<Letter, LetterError>;
    /// Says that the account has another password, and what opens it besides.
    fn password_changed(&self, reader: Reader<'_>, besides: &Besides) -> Result<Letter, LetterError>;
    /// Says that the account has a further second factor: `what`, in a few words.
    fn factor_added(&self, reader: Reader<'_>, what: &str) -> Result<Letter, LetterError>;
    /// Says that the account has a further passkey, which logs in alone; `first` where recovery codes were shown with it.
    fn passkey_added(&self, reader: Reader<'_>, first: bool) -> Result<Letter, LetterError>;
    /// Says that the account has lost a second factor: `what`, in a few words.
    fn factor_removed(&self, reader: Reader<'_>, what: &str) -> Result<Letter, LetterError>;
    /// Says that the account has new recovery codes, and that those before are void.
    fn recovery_codes_made(&self, reader: Reader<'_>) -> Result<Letter, LetterError>;
    /// Says that a recovery code of the account was used, and how many are `left`.
    fn recovery_code_used(&self, reader: Reader<'_>, left: u64) -> Result<Letter, LetterError>;
    /// Says that the account has a new API key.
    fn api_key_made(&self, reader: Reader<'_>, key: &ApiKey) -> Result<Letter, LetterError>;
    /// Says that an administrator removed the API key of that name, or every one.
    fn api_key_removed(&self, reader: Reader<'_>, name: Option<&KeyName>) -> Result<Letter, LetterError>;
    /// Says that the account was logged in to from an IP address that it does not know.
    fn new_device(
        &self,
        reader: Reader<'_>,
        device: &Device,
        at: OffsetDateTime,
    ) -> Result<Letter, LetterError>;
    /// Reports to the address that an account had before that it has a new one: the reader's.
    fn email_changed(&self, reader: Reader<'_>) -> Result<Letter, LetterError>;
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
