//! Waits: what a rate limit answers.

use keyward_auth::ErrorCode;
use time::{Duration, OffsetDateTime};

use crate::model::store_error::StoreError;
use crate::values::codes;
use crate::values::failure::{Failure, Kind};

/// Too many failed attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Too many attempts. Try again in {seconds} s.")]
pub struct Throttled {
    /// How long to wait.
    pub seconds: u64,
}

/// Why a verdict is not given.
#[derive(Debug, thiserror::Error)]
pub enum ThrottleError {
    /// It has to wait.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for ThrottleError {
    fn kind(&self) -> Kind {
        match self {
            Self::Throttled(_) => Kind::Throttled,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Throttled(_) => codes::TOO_MANY_ATTEMPTS,
            Self::Store(error) => error.code(),
        }
    }
}

pub(crate) fn wait(now: OffsetDateTime, until: OffsetDateTime) -> Throttled {
    let left = (until - now).max(Duration::ZERO);
    Throttled { seconds: u64::try_from(left.whole_seconds()).unwrap_or(0) + 1 }
}

crate::cases! {
    /// Too many attempts: try again after `Retry-After` seconds.
    TooManyAttempts => ThrottleError::Throttled(Throttled { seconds: 30 });
}
