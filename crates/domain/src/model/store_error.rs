//! What a store can answer instead of a result.

use keyward_auth::ErrorCode;
use std::error::Error;

use crate::values::codes;
use crate::values::failure::{Failure, Kind};

/// What a store can answer instead of doing as told.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique constraint refused the write: the key is already taken.
    #[error("the key is already taken")]
    Taken,
    /// The unique constraint of user names refused the write: another account has the name.
    #[error("the user name is already taken")]
    UsernameTaken,
    /// A foreign key refused the write: what it points to is gone, or still pointed to.
    #[error("a reference would dangle")]
    Dangling,
    /// Another unit of work was in the way, and nothing was kept of this one: done again at once it may work.
    #[error("the store was contended")]
    Contended(#[source] Box<dyn Error + Send + Sync>),
    /// The database is away, full or too busy; the same call may work later.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// Anything else: a fault of ours.
    #[error("the store failed")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl Failure for StoreError {
    fn kind(&self) -> Kind {
        match self {
            Self::Contended(_) => Kind::Contended,
            Self::Unavailable(_) => Kind::Unavailable,
            Self::Taken | Self::UsernameTaken | Self::Dangling | Self::Internal(_) => Kind::Internal,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Contended(_) | Self::Unavailable(_) => ErrorCode::UNAVAILABLE,
            Self::Taken | Self::UsernameTaken | Self::Dangling | Self::Internal(_) => codes::INTERNAL,
        }
    }
}
