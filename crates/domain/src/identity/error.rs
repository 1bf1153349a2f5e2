//! Why a use case of accounts failed.

use keyward_auth::{ErrorCode, PasswordRefusal};

use crate::limits::waits::{ThrottleError, Throttled};
use crate::model::store_error::StoreError;
use crate::ports::hashing::HashingError;
use crate::ports::letters::LetterError;
use crate::values::codes;
use crate::values::failure::{Failure, Kind};
use crate::values::ids::UserId;
use crate::values::names::Names;

/// Why a use case of accounts failed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The address has an account.
    #[error("The user with this email already exists in the system.")]
    EmailTaken,
    /// The user name has an account.
    #[error("That user name is taken.")]
    UsernameTaken,
    /// There is no such account.
    #[error("user with id: {0} was not found")]
    NotFound(UserId),
    #[error("Not enough permissions")]
    Forbidden,
    /// The password given as proof is not theirs.
    #[error("The current password is wrong.")]
    WrongPassword,
    /// A password was given as proof, and the account has none.
    #[error(
        "This account has no password. Leave it out: a login or proof of the last five minutes stands in."
    )]
    NoPassword,
    /// The caller's own account has a second factor, which was not shown.
    #[error("A more recent or stronger authentication is required")]
    TooWeak,
    /// The account has a password, and none was given as proof: the field that takes it.
    #[error("Field required")]
    PasswordMissing(&'static str),
    /// The account has no password, and the last login or proof was too long ago to stand for it.
    #[error("A more recent or stronger authentication is required")]
    Stale,
    /// The new password stands for the account itself.
    #[error(transparent)]
    PasswordRefused(PasswordRefusal),
    /// Without this account there would be no administrator.
    #[error("This is the last administrator: make another account one first.")]
    LastAdministrator,
    /// The caller's own account is gone, though their token was still good.
    #[error("Could not validate credentials")]
    CallerGone,
    /// Too many wrong passwords.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The mail that tells of it could not be worded.
    #[error(transparent)]
    Letter(#[from] LetterError),
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl UserError {
    /// The failure of an insertion under these names, or of a change to them.
    pub(crate) fn on_insert(names: &Names, error: StoreError) -> Self {
        match error {
            StoreError::Taken if names.email().is_some() => Self::EmailTaken,
            StoreError::Taken | StoreError::UsernameTaken => Self::UsernameTaken,
            other => Self::Store(other),
        }
    }

    /// The same failure where the account asked for is the caller's own.
    pub(crate) fn of_caller(self) -> Self {
        match self {
            Self::NotFound(_) => Self::CallerGone,
            other => other,
        }
    }
}

impl Failure for UserError {
    fn kind(&self) -> Kind {
        match self {
            Self::EmailTaken | Self::UsernameTaken => Kind::Invalid,
            Self::PasswordRefused(_) => Kind::Unprocessable,
            Self::PasswordMissing(_) => Kind::Missing,
            Self::CallerGone | Self::Stale | Self::TooWeak => Kind::Unauthenticated,
            Self::NotFound(_) => Kind::NotFound,
            Self::LastAdministrator | Self::NoPassword => Kind::Conflict,
            Self::Throttled(_) => Kind::Throttled,
            Self::Forbidden | Self::WrongPassword => Kind::Forbidden,
            Self::Letter(error) => error.kind(),
            Self::Hashing(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::EmailTaken => codes::EMAIL_TAKEN,
            Self::UsernameTaken => codes::USERNAME_TAKEN,
            Self::NotFound(_) => codes::NOT_FOUND,
            Self::Forbidden => ErrorCode::INSUFFICIENT_SCOPE,
            Self::WrongPassword => codes::WRONG_PASSWORD,
            Self::NoPassword => codes::NO_PASSWORD,
            Self::PasswordMissing(_) => codes::VALIDATION,
            Self::Stale | Self::TooWeak => ErrorCode::INSUFFICIENT_USER_AUTHENTICATION,
            Self::PasswordRefused(_) => codes::PASSWORD_REFUSED,
            Self::LastAdministrator => codes::LAST_ADMINISTRATOR,
            Self::CallerGone => ErrorCode::INVALID_TOKEN,
            Self::Throttled(_) => codes::TOO_MANY_ATTEMPTS,
            Self::Letter(error) => error.code(),
            Self::Hashing(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn field(&self) -> Option<[&'static str; 2]> {
        match self {
            Self::PasswordRefused(_) => Some(["body", "new_password"]),
            Self::PasswordMissing(name) => Some(["body", name]),
            _ => None,
        }
    }

    fn acr_values(&self) -> Option<&'static str> {
        match self {
            Self::Stale => Some("aal1 aal2"),
            Self::TooWeak => Some("aal2"),
            _ => None,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Throttled(throttled) => Some(throttled.seconds),
            _ => None,
        }
    }
}

impl From<ThrottleError> for UserError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled(throttled) => Self::Throttled(throttled),
            ThrottleError::Store(error) => Self::Store(error),
        }
    }
}

crate::cases! {
    /// The address has an account.
    EmailTaken => UserError::EmailTaken;
    /// The user name has an account.
    UsernameTaken => UserError::UsernameTaken;
    /// No such account.
    NoUser => UserError::NotFound(UserId(9));
    /// Another user's account.
    OthersAccount => UserError::Forbidden;
    /// No password or a second factor, and no login or proof of the last 300 seconds, with that factor, stands for it.
    Stale => UserError::Stale;
    /// The account has no password: leave it out.
    NoPassword => UserError::NoPassword;
    /// The password is wrong.
    WrongPassword => UserError::WrongPassword;
    /// The new password is the account's name.
    RefusedPassword => UserError::PasswordRefused(PasswordRefusal::Context);
    /// The last administrator.
    LastAdministrator => UserError::LastAdministrator;
}
