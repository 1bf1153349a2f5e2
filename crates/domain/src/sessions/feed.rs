//! The feed of ended sessions, for services that verify tokens by themselves: without it they notice a logout only when
//! the token expires.

use keyward_auth::ErrorCode;
use time::Duration;

use crate::model::lifetimes::Lifetimes;
use crate::model::revocations::{News, Position};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::values::codes;
use crate::values::failure::{Failure, Kind};

/// How many entries a page has at most.
const PAGE: u64 = 1000;

/// Why the feed could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The cursor was not issued by this server.
    #[error("this position did not come from an answer")]
    Position,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for FeedError {
    fn kind(&self) -> Kind {
        match self {
            Self::Position => Kind::Unprocessable,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Position => codes::VALIDATION,
            Self::Store(error) => error.code(),
        }
    }

    fn field(&self) -> Option<[&'static str; 2]> {
        matches!(self, Self::Position).then_some(["query", "after"])
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

    /// How long the feed reports a session after its end: until the last of its access tokens has expired everywhere.
    pub fn kept(&self) -> Duration {
        self.kept
    }

    /// What came after `position`.
    pub async fn after(&self, position: &Position) -> Result<News, FeedError> {
        let news = self.ports.store.autocommit().revocations().after(position, PAGE).await?;
        news.ok_or(FeedError::Position)
    }
}
