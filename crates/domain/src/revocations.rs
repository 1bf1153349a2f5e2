//! The feed of ended sessions, for services that check tokens by themselves: without it they notice a logout when the token
//! expires. Entries are written by the session repository, in the transaction that ends the session.

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};

use crate::failure::{Failure, Kind};
use crate::ports::Ports;
use crate::sessions::{Lifetimes, SessionId};
use crate::store::StoreError;
use crate::users::UserId;

/// How many entries a page has at most.
const PAGE: u64 = 1000;

/// A session that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The session.
    pub session: SessionId,
    /// Whose it was.
    pub user: UserId,
    /// When it ended.
    pub at: OffsetDateTime,
}

/// How far somebody has read. Only the store knows what it means; the default is the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position(pub String);

/// What came after a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Sessions that ended. One that was told before may come again.
    pub revocations: Vec<Revocation>,
    /// Where to read on.
    pub position: Position,
    /// Whether there is more at once.
    pub more: bool,
}

/// Where ended sessions are kept until nobody needs to know of them.
#[async_trait]
pub trait RevocationRepository: Send {
    /// What became visible after `position`, at most `limit` entries; `None` for a position that is none of ours.
    ///
    /// **Nothing is ever passed over**, in whatever order transactions commit. A position from before the database was
    /// restored counts as the beginning.
    async fn after(&mut self, position: &Position, limit: u64) -> Result<Option<News>, StoreError>;
    /// Forgets what ended before `before`; says how many.
    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
}

/// Why the feed could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The position is none of ours.
    #[error("the position is none of ours")]
    Position,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for FeedError {
    fn kind(&self) -> Kind {
        match self {
            Self::Position => Kind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }
}

/// The use cases of the feed.
#[derive(Clone)]
pub struct Revocations {
    ports: Ports,
    kept: Duration,
}

impl Revocations {
    /// Use cases over these ports.
    pub fn new(ports: Ports, lifetimes: Lifetimes) -> Self {
        Self { ports, kept: lifetimes.remembered() }
    }

    /// How long after its end a session is told of: until the last of its access tokens has expired everywhere.
    pub fn kept(&self) -> Duration {
        self.kept
    }

    /// What came after `position`.
    pub async fn after(&self, position: &Position) -> Result<News, FeedError> {
        let news = self.ports.store.autocommit().revocations().after(position, PAGE).await?;
        news.ok_or(FeedError::Position)
    }
}
