//! Why an address was not proven.

use keyward_auth::ErrorCode;

use super::error::UserError;
use crate::limits::waits::{ThrottleError, Throttled};
use crate::model::store_error::StoreError;
use crate::ports::letters::LetterError;
use crate::values::codes;
use crate::values::failure::{Failure, Kind};

/// Why an address was not proven, or no mail sent.
#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    #[error("This e-mail address is verified already.")]
    AlreadyVerified,
    /// Wrong, spent, replaced by a newer one, or too old.
    #[error("The code or link is invalid or has expired.")]
    InvalidProof,
    /// A mail was sent less than a minute ago.
    #[error("A mail was sent less than a minute ago. Another one can be sent in {} s.", .0.seconds)]
    JustSent(Throttled),
    /// Too many mails were sent.
    #[error("Too many mails were sent to this address. Another one can be sent in {} s.", .0.seconds)]
    TooManyMails(Throttled),
    /// Too many attempts failed, or too much was asked for.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The mail could not be worded.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// The account: gone, another password, an address that has an account.
    #[error(transparent)]
    User(#[from] UserError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for VerificationError {
    fn kind(&self) -> Kind {
        match self {
            Self::AlreadyVerified => Kind::Conflict,
            Self::InvalidProof => Kind::Invalid,
            Self::JustSent(_) | Self::TooManyMails(_) | Self::Throttled(_) => Kind::Throttled,
            Self::Letter(error) => error.kind(),
            Self::User(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::AlreadyVerified => codes::ALREADY_VERIFIED,
            Self::InvalidProof => codes::INVALID_PROOF,
            Self::JustSent(_) => codes::MAIL_JUST_SENT,
            Self::TooManyMails(_) => codes::TOO_MANY_MAILS,
            Self::Throttled(_) => codes::TOO_MANY_ATTEMPTS,
            Self::Letter(error) => error.code(),
            Self::User(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn field(&self) -> Option<[&'static str; 2]> {
        match self {
            Self::User(error) => error.field(),
            _ => None,
        }
    }

    fn acr_values(&self) -> Option<&'static str> {
        match self {
            Self::User(error) => error.acr_values(),
            _ => None,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::JustSent(wait) | Self::TooManyMails(wait) | Self::Throttled(wait) => Some(wait.seconds),
            Self::User(error) => error.retry_after(),
            _ => None,
        }
    }
}

crate::cases! {
    /// The address is verified already.
    AlreadyVerified => VerificationError::AlreadyVerified;
    /// A mail was sent less than a minute ago: ask again after `Retry-After` seconds.
    MailJustSent => VerificationError::JustSent(Throttled { seconds: 42 });
    /// Too many mails were sent to this address: ask again after `Retry-After` seconds.
    TooManyMails => VerificationError::TooManyMails(Throttled { seconds: 900 });
    /// The code or token is wrong, spent, replaced by a newer one or expired.
    InvalidProof => VerificationError::InvalidProof;
}

impl From<ThrottleError> for VerificationError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled(throttled) => Self::Throttled(throttled),
            ThrottleError::Store(error) => Self::Store(error),
        }
    }
}
