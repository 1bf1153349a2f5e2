//! The password-hashing port: slow work, done by a small pool of threads with a bounded queue.

use std::sync::Arc;

use async_trait::async_trait;
use keyward_auth::{ErrorCode, Password, PasswordHash};

use crate::values::codes;
use crate::values::failure::{Failure, Kind};

/// Hashes and verifies passwords off the threads that serve requests.
#[async_trait]
pub trait Hashing: Send + Sync {
    /// Hashes a new password.
    async fn hash(&self, password: Arc<Password>) -> Result<PasswordHash, HashingError>;

    /// Compares `password` with `stored`. With nothing stored it costs as much as a wrong password and never matches.
    async fn verify(
        &self,
        password: Arc<Password>,
        stored: Option<PasswordHash>,
    ) -> Result<Verified, HashingError>;

    fn load(&self) -> HashingLoad {
        HashingLoad::default()
    }
}

/// Load of the hashing pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashingLoad {
    pub threads: u64,
    /// Threads that are hashing now.
    pub busy: u64,
    /// Passwords waiting in the queue.
    pub waiting: u64,
    /// Passwords refused so far because the queue was full.
    pub rejected: u64,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// Another password, or none stored.
    Mismatch,
    Match,
    /// The same password, and a better hash of it to keep from now on.
    Upgraded(PasswordHash),
}

/// Why nothing was hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// The queue is full.
    #[error("too many logins at once")]
    Busy,
    #[error("password hashing failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Failure for HashingError {
    fn kind(&self) -> Kind {
        match self {
            Self::Busy => Kind::Unavailable,
            Self::Failed(_) => Kind::Internal,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Busy => ErrorCode::UNAVAILABLE,
            Self::Failed(_) => codes::INTERNAL,
        }
    }
}
