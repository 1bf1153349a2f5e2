//! Why a use case of second factors failed.

use keyward_auth::ErrorCode;

use crate::limits::waits::{ThrottleError, Throttled};
use crate::model::passkeys::MOST_PASSKEYS;
use crate::model::store_error::StoreError;
use crate::ports::letters::LetterError;
use crate::values::codes;
use crate::values::failure::{Failure, Kind};
use crate::values::ids::{PasskeyId, UserId};

/// Why a use case of second factors failed.
#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// The code is another one, or was used.
    #[error("The code is wrong, or was used before.")]
    WrongCode,
    /// The answer of the authenticator is not sound, is by a passkey that is not the account's, or is for a challenge that has
    /// expired or was used.
    #[error("The passkey was not accepted, or its challenge has expired or was used. Begin again.")]
    InvalidPasskey,
    /// A passkey of this credential id is registered.
    #[error("This passkey is registered already.")]
    PasskeyTaken,
    /// The account has as many passkeys as it may have.
    #[error("An account has at most {} passkeys. Remove one first.", MOST_PASSKEYS)]
    TooManyPasskeys,
    /// The account has no such passkey.
    #[error("passkey with id: {0} was not found")]
    PasskeyNotFound(PasskeyId),
    /// The account has no password and no other passkey.
    #[error(
        "Without this passkey you could not log in any more. Set a password or add another passkey first."
    )]
    LastWayIn,
    /// This server's address is an IP address, and passkeys belong to host names.
    #[error(
        "Passkeys need a host name, and this server's address is an IP address. Set KEYWARD_ISSUER to a URL with a \
         host name, as in http://localhost:8000."
    )]
    NoPasskeys,
    /// There is nothing to confirm.
    #[error("There is no enrolment to confirm. Begin one first.")]
    NoEnrolment,
    /// The account has no second factor.
    #[error("This account has no second factor.")]
    NoFactor,
    /// The account has a second factor, which was not shown.
    #[error("A more recent or stronger authentication is required")]
    TooWeak,
    /// The token is good for less than its owner may have.
    #[error(
        "A passkey logs in with all that its owner may do, and this token is good for less. Log in again without naming a scope."
    )]
    TooNarrow,
    /// The caller's own account is gone, though their token was still good.
    #[error("Could not validate credentials")]
    CallerGone,
    /// There is no such account.
    #[error("user with id: {0} was not found")]
    NotFound(UserId),
    /// Too many wrong codes.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The mail that tells of it could not be worded.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for FactorError {
    fn kind(&self) -> Kind {
        match self {
            Self::WrongCode | Self::InvalidPasskey | Self::TooNarrow => Kind::Forbidden,
            Self::NoEnrolment
            | Self::NoFactor
            | Self::PasskeyTaken
            | Self::TooManyPasskeys
            | Self::LastWayIn
            | Self::NoPasskeys => Kind::Conflict,
            Self::TooWeak | Self::CallerGone => Kind::Unauthenticated,
            Self::NotFound(_) | Self::PasskeyNotFound(_) => Kind::NotFound,
            Self::Throttled(_) => Kind::Throttled,
            Self::Letter(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::WrongCode => codes::WRONG_CODE,
            Self::InvalidPasskey => codes::INVALID_PASSKEY,
            Self::PasskeyTaken => codes::PASSKEY_TAKEN,
            Self::TooManyPasskeys => codes::ACCOUNT_FULL,
            Self::LastWayIn => codes::LAST_WAY_IN,
            Self::NoPasskeys => codes::NO_PASSKEYS,
            Self::NoEnrolment => codes::NO_ENROLMENT,
            Self::NoFactor => codes::NO_SECOND_FACTOR,
            Self::TooWeak => ErrorCode::INSUFFICIENT_USER_AUTHENTICATION,
            Self::TooNarrow => ErrorCode::INSUFFICIENT_SCOPE,
            Self::CallerGone => ErrorCode::INVALID_TOKEN,
            Self::NotFound(_) | Self::PasskeyNotFound(_) => codes::NOT_FOUND,
            Self::Throttled(_) => codes::TOO_MANY_ATTEMPTS,
            Self::Letter(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn acr_values(&self) -> Option<&'static str> {
        matches!(self, Self::TooWeak).then_some("aal2")
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Throttled(throttled) => Some(throttled.seconds),
            _ => None,
        }
    }
}

impl From<ThrottleError> for FactorError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled(throttled) => Self::Throttled(throttled),
            ThrottleError::Store(error) => Self::Store(error),
        }
    }
}

crate::cases! {
    /// The code is wrong, or was used before.
    WrongCode => FactorError::WrongCode;
    /// The passkey is not sound or not the account's, or its challenge has expired or was used.
    InvalidPasskey => FactorError::InvalidPasskey;
    /// The passkey is registered already.
    PasskeyTaken => FactorError::PasskeyTaken;
    /// The account has as many passkeys as it may have.
    TooManyPasskeys => FactorError::TooManyPasskeys;
    /// The account has no password and no other passkey.
    LastWayIn => FactorError::LastWayIn;
    /// The account has no such passkey.
    NoPasskey => FactorError::PasskeyNotFound(PasskeyId(9));
    /// This server's address is an IP address, which passkeys cannot belong to.
    NoPasskeys => FactorError::NoPasskeys;
    /// No enrolment was begun, or it has expired.
    NoEnrolment => FactorError::NoEnrolment;
    /// The account has no second factor.
    NoFactor => FactorError::NoFactor;
    /// The account has a second factor, and neither the login nor a proof since showed it.
    TooWeak => FactorError::TooWeak;
    /// The token is good for less than its owner may have: log in again without naming a scope.
    TooNarrow => FactorError::TooNarrow;
    /// No such account.
    NoUser => FactorError::NotFound(UserId(9));
}
