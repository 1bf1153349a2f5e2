//! Why a use case of the applications that a person allowed failed.

use keyward_auth::ErrorCode;

use crate::model::store_error::StoreError;
use crate::values::codes;
use crate::values::failure::{Failure, Kind};

/// Why a use case of the applications that a person allowed failed.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The account has allowed no such application.
    #[error("This application is not among those that you allowed.")]
    NotFound,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for AppError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound => codes::NOT_FOUND,
            Self::Store(error) => error.code(),
        }
    }
}
