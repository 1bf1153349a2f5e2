//! Why a use case of sessions failed.

use keyward_auth::{ErrorCode, TokenError};
use uuid::Uuid;

use crate::factors::error::FactorError;
use crate::identity::error::UserError;
use crate::identity::verification_error::VerificationError;
use crate::limits::waits::{ThrottleError, Throttled};
use crate::model::store_error::StoreError;
use crate::ports::hashing::HashingError;
use crate::values::codes;
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
    /// The password is right, but there is no address that could be verified.
    #[error("This account needs a verified e-mail address and has none. Ask an administrator.")]
    EmailMissing,
    /// The token between a password and a second factor is malformed, expired or used, or the account changed since.
    #[error("This login has expired or was finished. Begin again.")]
    InvalidMfaToken,
    /// What was shown as a second factor is wrong, or was used before.
    #[error("The code is wrong, or was used before.")]
    WrongCode,
    /// The passkey is unknown or not sound, its account may not log in, or its challenge has expired or was used: deliberately one
    /// answer.
    #[error("The passkey was not accepted, or its challenge has expired or was used. Begin again.")]
    InvalidPasskey,
    /// A second factor.
    #[error(transparent)]
    Factor(FactorError),
    /// The refresh token is malformed, forged or another client's, or its session is not known any more.
    #[error("Invalid refresh token")]
    InvalidRefreshToken,
    /// A refresh token of the session was used twice, and the session has been ended for that.
    #[error(
        "Invalid refresh token: one of this session was used twice, which ended the session. Log in again."
    )]
    RefreshTokenReused,
    /// The session was not refreshed for too long, or is too old.
    #[error("Invalid refresh token: the session has expired. Log in again.")]
    Expired,
    /// The session was ended: by logging out, elsewhere, or by a change of the account.
    #[error("Invalid refresh token: the session was ended. Log in again.")]
    Ended,
    /// A client's own token, which is good until it expires or the client is removed.
    #[error("A token of the client's own cannot be revoked.")]
    NotRevocable,
    /// An API key, which its owner removes.
    #[error("An API key cannot be revoked here: its owner removes it.")]
    KeyNotRevocable,
    /// The authorization code is malformed, another client's, too old or used, or the verifier or the redirect URI is another than
    /// the one it was asked for with.
    #[error("The authorization code is invalid, has expired or was used.")]
    InvalidCode,
    /// The service asked for is not the one that the code was given for.
    #[error("The code was given for another resource.")]
    ForeignResource,
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
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("no access token could be signed")]
    Signing(#[from] TokenError),
}

impl Failure for SessionError {
    fn kind(&self) -> Kind {
        match self {
            Self::InvalidCredentials
            | Self::InvalidMfaToken
            | Self::WrongCode
            | Self::InvalidPasskey
            | Self::InvalidRefreshToken
            | Self::InvalidCode
            | Self::RefreshTokenReused
            | Self::Expired
            | Self::Ended => Kind::Unauthenticated,
            Self::Factor(error) => error.kind(),
            Self::EmailUnverified | Self::EmailUnverifiedNoMail(_) | Self::EmailMissing => Kind::Forbidden,
            Self::Scope(_) | Self::NotRevocable | Self::KeyNotRevocable | Self::ForeignResource => {
                Kind::Invalid
            }
            Self::Throttled(_) => Kind::Throttled,
            Self::NotFound(_) => Kind::NotFound,
            Self::User(error) => error.kind(),
            Self::Verification(error) => error.kind(),
            Self::Hashing(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Signing(_) => Kind::Internal,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidCredentials => codes::INVALID_CREDENTIALS,
            Self::EmailUnverified | Self::EmailUnverifiedNoMail(_) | Self::EmailMissing => {
                codes::EMAIL_UNVERIFIED
            }
            Self::InvalidMfaToken => codes::INVALID_MFA_TOKEN,
            Self::WrongCode => codes::WRONG_CODE,
            Self::InvalidPasskey => codes::INVALID_PASSKEY,
            Self::Factor(error) => error.code(),
            Self::InvalidRefreshToken => codes::INVALID_REFRESH_TOKEN,
            Self::RefreshTokenReused => codes::SESSION_ENDED_BY_REUSE,
            Self::Expired => codes::SESSION_EXPIRED,
            Self::Ended => codes::SESSION_ENDED,
            Self::NotRevocable | Self::KeyNotRevocable => codes::NOT_REVOCABLE,
            Self::InvalidCode => codes::INVALID_CODE,
            Self::ForeignResource => codes::INVALID_TARGET,
            Self::Scope(_) => codes::INVALID_SCOPE,
            Self::NotFound(_) => codes::NOT_FOUND,
            Self::User(error) => error.code(),
            Self::Throttled(_) => codes::TOO_MANY_ATTEMPTS,
            Self::Verification(error) => error.code(),
            Self::Hashing(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Signing(_) => codes::INTERNAL,
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
            Self::Factor(error) => error.acr_values(),
            _ => None,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Throttled(throttled) => Some(throttled.seconds),
            Self::User(error) => error.retry_after(),
            Self::Factor(error) => error.retry_after(),
            Self::Verification(error) => error.retry_after(),
            Self::Hashing(error) => error.retry_after(),
            _ => None,
        }
    }
}

impl SessionError {
    /// The failure of a second factor at a login, before the caller is authenticated.
    pub(crate) fn at_login(error: FactorError) -> Self {
        match error {
            FactorError::WrongCode => Self::WrongCode,
            FactorError::InvalidPasskey => Self::InvalidPasskey,
            other => other.into(),
        }
    }
}

impl From<FactorError> for SessionError {
    fn from(error: FactorError) -> Self {
        match error {
            FactorError::Throttled(throttled) => Self::Throttled(throttled),
            FactorError::Store(error) => Self::Store(error),
            other => Self::Factor(other),
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

crate::cases! {
    /// No such account, or another password.
    InvalidCredentials => SessionError::InvalidCredentials;
    /// The address has to be verified first: a code and a link are on their way.
    EmailUnverified => SessionError::EmailUnverified;
    /// The `mfa_token` has expired or was used, or the account changed since.
    InvalidMfaToken => SessionError::InvalidMfaToken;
    /// The code of the second factor is wrong, or was used before.
    WrongCode => SessionError::WrongCode;
    /// The passkey is unknown or not sound, or its challenge has expired or was used.
    InvalidPasskey => SessionError::InvalidPasskey;
    /// The refresh token is malformed or forged, or its session is not known any more.
    InvalidRefreshToken => SessionError::InvalidRefreshToken;
    /// A refresh token of the session was used twice, which ended it.
    RefreshTokenReused => SessionError::RefreshTokenReused;
    /// The session of the refresh token has expired.
    SessionExpired => SessionError::Expired;
    /// The session of the refresh token was ended, here or elsewhere.
    SessionEnded => SessionError::Ended;
    /// The authorization code is invalid, has expired or was used.
    InvalidCode => SessionError::InvalidCode;
    /// The code was given for another resource.
    ForeignResource => SessionError::ForeignResource;
    /// The scope cannot be granted.
    UngrantableScope => SessionError::Scope(InvalidScope);
    /// A token of the client itself.
    NotRevocable => SessionError::NotRevocable;
    /// No such session.
    NoSession => SessionError::NotFound(SessionId(Uuid::nil()));
}
