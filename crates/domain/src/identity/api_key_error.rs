//! Why a use case of API keys failed.

use keyward_auth::ErrorCode;

use crate::factors::error::FactorError;
use crate::model::store_error::StoreError;
use crate::ports::letters::LetterError;
use crate::values::codes;
use crate::values::failure::{Failure, Kind};
use crate::values::ids::{ApiKeyId, UserId};
use crate::values::scopes::InvalidScope;

/// Why a use case of API keys failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyError {
    /// The scope asked for is more than the caller may do.
    #[error(transparent)]
    Scope(#[from] InvalidScope),
    /// The account has as many keys as it may have.
    #[error("This account has {0} API keys, which is the most it may have. Remove one first.")]
    Full(u64),
    /// The account has no such key.
    #[error("API key with id: {0} was not found")]
    NotFound(ApiKeyId),
    /// There is no such account.
    #[error("user with id: {0} was not found")]
    NoUser(UserId),
    /// The caller's own account is gone, though their token was still good.
    #[error("Could not validate credentials")]
    CallerGone,
    /// The account has a second factor, which was not shown.
    #[error(transparent)]
    Factor(#[from] FactorError),
    /// The mail that reports it could not be worded.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for ApiKeyError {
    fn kind(&self) -> Kind {
        match self {
            Self::Scope(_) => Kind::Invalid,
            Self::Full(_) => Kind::Conflict,
            Self::NotFound(_) | Self::NoUser(_) => Kind::NotFound,
            Self::CallerGone => Kind::Unauthenticated,
            Self::Factor(error) => error.kind(),
            Self::Letter(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Scope(_) => codes::INVALID_SCOPE,
            Self::Full(_) => codes::ACCOUNT_FULL,
            Self::NotFound(_) | Self::NoUser(_) => codes::NOT_FOUND,
            Self::CallerGone => ErrorCode::INVALID_TOKEN,
            Self::Factor(error) => error.code(),
            Self::Letter(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn acr_values(&self) -> Option<&'static str> {
        match self {
            Self::Factor(error) => error.acr_values(),
            _ => None,
        }
    }
}

crate::cases! {
    /// The scope is unknown, or more than the caller may do.
    ForeignScope => ApiKeyError::Scope(InvalidScope);
    /// The account has as many API keys as it may have.
    ManyKeys => ApiKeyError::Full(50);
    /// The account has no such API key.
    NoKey => ApiKeyError::NotFound(ApiKeyId(9));
    /// No such account.
    NoAccount => ApiKeyError::NoUser(UserId(9));
}
