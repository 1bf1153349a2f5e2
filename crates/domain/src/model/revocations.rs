//! The revocation feed: sessions that ended, kept until none of their access tokens is valid anywhere.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::store_error::StoreError;
use crate::values::ids::{SessionId, UserId};

/// A session that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    pub session: SessionId,
    pub user: UserId,
    pub at: OffsetDateTime,
}

/// A cursor into the feed. Only the store knows what it means; the default is the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position(pub String);

/// What follows a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Sessions that ended. One that was returned before may be returned again.
    pub revocations: Vec<Revocation>,
    /// The cursor to continue from.
    pub position: Position,
    /// Whether there is more already.
    pub more: bool,
}

/// Stores ended sessions. Entries are written by [`SessionEndings`](super::sessions::SessionEndings).
#[async_trait]
pub trait RevocationRepository: Send {
    /// Returns what became visible after `position`, at most `limit` entries; `None` for an unknown cursor.
    ///
    /// **Nothing is ever skipped**, in whichever order transactions commit. A cursor from before the database was restored
    /// counts as the beginning.
    async fn after(&mut self, position: &Position, limit: u64) -> Result<Option<News>, StoreError>;
    /// Deletes what ended before `before`. Returns the number deleted.
    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
}
