//! Why a use case of sessions failed.

use keyward_auth::TokenError;

use crate::identity::error::UserError;
use crate::identity::verification_error::VerificationError;
use crate::limits::waits::{ThrottleError, Throttled};
use crate::model::store_error::StoreError;
use crate::ports::hashing::HashingError;
use crate::values::failure::{Failure, Kind};
use crate::values::ids::SessionId;
use crate::values::scopes::InvalidScope;

/// Why a use case of sessions failed.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No such account, another password, or locked out: deliberately one answer.
    #[error("Invalid Credentials")]
    InvalidCredentials,
    /// The password is right, but the address is not verified yet: a code and a link are on their way.
    #[error("Please verify your e-mail address first: a code and a link are on their way to it.")]
    EmailUnverified,
    /// The password is right, but the address is not verified yet, and no mail is sent: too many were.
    #[error("Please verify your e-mail address first. Too many mails were sent to it: try again in {} s.", .0.seconds)]
    EmailUnverifiedNoMail(Throttled),
    /// The refresh token is malformed, forged, spent, expired, or its session has ended.
    #[error("Invalid refresh token")]
    InvalidRefreshToken,
    /// It was spent long ago, and its session has been ended for that: the caller is told no more than above.
    #[error("Invalid refresh token")]
    RefreshTokenReused,
    /// A client's own token, which is good until it expires or the client is removed.
    #[error("A token of the client's own cannot be revoked.")]
    NotRevocable,
    /// The scope asked for cannot be granted.
    #[error(transparent)]
    Scope(#[from] InvalidScope),
    /// The caller has no such session.
    #[error("session with id: {0} was not found")]
    NotFound(SessionId),
    /// No account could be made.
    #[error(transparent)]
    User(#[from] UserError),
    /// Too many wrong passwords.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The mail that asks to verify the address.
    #[error(transparent)]
    Verification(Box<VerificationError>),
    /// The hashing pool.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing key.
    #[error("no access token could be signed")]
    Signing(#[from] TokenError),
}

impl Failure for SessionError {
    fn kind(&self) -> Kind {
        match self {
            Self::InvalidCredentials | Self::InvalidRefreshToken | Self::RefreshTokenReused => {
                Kind::Unauthenticated
            }
            Self::EmailUnverified | Self::EmailUnverifiedNoMail(_) => Kind::Forbidden,
            Self::Scope(_) | Self::NotRevocable => Kind::Invalid,
            Self::Throttled(_) => Kind::Throttled,
            Self::NotFound(_) => Kind::NotFound,
            Self::User(error) => error.kind(),
            Self::Verification(error) => error.kind(),
            Self::Hashing(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Signing(_) => Kind::Internal,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Throttled(throttled) => Some(throttled.seconds),
            Self::User(error) => error.retry_after(),
            Self::Verification(error) => error.retry_after(),
            Self::Hashing(error) => error.retry_after(),
            _ => None,
        }
    }
}

impl From<VerificationError> for SessionError {
    fn from(error: VerificationError) -> Self {
        Self::Verification(Box::new(error))
    }
}

impl From<ThrottleError> for SessionError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled(throttled) => Self::Throttled(throttled),
            ThrottleError::Store(error) => Self::Store(error),
        }
    }
}
