//! Periodic jobs, each done by one replica at a time.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::store_error::StoreError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Clean away sessions that are over.
    CleanSessions,
    /// Rotate the signing key if it is time.
    RotateKeys,
    /// Make the first signing key.
    MakeFirstKey,
}

impl Job {
    /// Its name, as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CleanSessions => "clean_sessions",
            Self::RotateKeys => "rotate_keys",
            Self::MakeFirstKey => "make_first_key",
        }
    }
}

/// Stores when each job is due.
#[async_trait]
pub trait JobRepository: Send {
    /// Moves the job to `next` if it is due at `now`. Returns whether it was, to one caller only.
    async fn claim(
        &mut self,
        job: Job,
        now: OffsetDateTime,
        next: OffsetDateTime,
    ) -> Result<bool, StoreError>;
}
