//! The unit of work: repositories over one connection, and transactions that roll back unless committed.

use std::error::Error;

use async_trait::async_trait;

use crate::clients::ClientRepository;
use crate::events::EventRepository;
use crate::failure::{Failure, Kind};
use crate::housekeeping::JobRepository;
use crate::keys::KeyRepository;
use crate::outbox::OutboxRepository;
use crate::posts::PostRepository;
use crate::recovery::RecoveryRepository;
use crate::revocations::RevocationRepository;
use crate::sessions::SessionRepository;
use crate::shop::cart::CartRepository;
use crate::shop::catalog::CatalogRepository;
use crate::shop::orders::OrderRepository;
use crate::throttle::AttemptRepository;
use crate::users::UserRepository;
use crate::verification::VerificationRepository;

/// Every repository, over one connection or transaction.
pub trait Repositories: Send {
    /// Accounts.
    fn users(&mut self) -> &mut dyn UserRepository;
    /// Logins.
    fn sessions(&mut self) -> &mut dyn SessionRepository;
    /// Posts.
    fn posts(&mut self) -> &mut dyn PostRepository;
    /// Signing keys.
    fn keys(&mut self) -> &mut dyn KeyRepository;
    /// OAuth2 clients.
    fn clients(&mut self) -> &mut dyn ClientRepository;
    /// Security events.
    fn events(&mut self) -> &mut dyn EventRepository;
    /// When jobs are due.
    fn jobs(&mut self) -> &mut dyn JobRepository;
    /// Wrong guesses.
    fn attempts(&mut self) -> &mut dyn AttemptRepository;
    /// Categories and products.
    fn catalog(&mut self) -> &mut dyn CatalogRepository;
    /// Carts.
    fn carts(&mut self) -> &mut dyn CartRepository;
    /// Orders.
    fn orders(&mut self) -> &mut dyn OrderRepository;
    /// Mails on their way.
    fn outbox(&mut self) -> &mut dyn OutboxRepository;
    /// Tokens for new passwords.
    fn recoveries(&mut self) -> &mut dyn RecoveryRepository;
    /// Addresses that have to be proven.
    fn verifications(&mut self) -> &mut dyn VerificationRepository;
    /// Sessions that ended lately.
    fn revocations(&mut self) -> &mut dyn RevocationRepository;
}

/// Repositories whose writes become visible together at [`commit`](Transaction::commit), and never if dropped before.
///
/// Inside one: no hashing, no mail, no HTTP.
#[async_trait]
pub trait Transaction: Repositories {
    /// Makes every write durable and visible.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// Where everything is kept.
#[async_trait]
pub trait Store: Send + Sync {
    /// Repositories whose every call is a transaction of its own.
    fn autocommit(&self) -> Box<dyn Repositories>;
    /// Repositories whose reads may be a moment old, for they may come from a copy of the database.
    ///
    /// Who may read so: whatever anybody can read without a token, which is the catalogue and published posts, and the
    /// lists of administrators. Never a session, a key or a password, nothing that a write is decided on, and nothing
    /// that a user has just written and now wants to see.
    fn replica(&self) -> Box<dyn Repositories> {
        self.autocommit()
    }
    /// Begins a transaction that may write.
    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError>;
    /// Waits before the `round`-th repetition of a unit of work that was refused as [`StoreError::Contended`]: never as
    /// long as somebody else.
    async fn rest(&self, round: u32);
    /// Answers when the database does.
    async fn ping(&self) -> Result<(), StoreError>;
    /// How much its connections are used.
    fn pools(&self) -> Vec<PoolUse> {
        Vec::new()
    }
}

/// How much the connections of a pool are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolUse {
    /// What the pool is for.
    pub name: &'static str,
    /// How many connections are open.
    pub open: u64,
    /// How many of them nobody uses.
    pub idle: u64,
    /// How many it opens at most.
    pub most: u64,
}

/// What a store can answer instead of doing as told.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique constraint refused the write: the key is already taken.
    #[error("the key is already taken")]
    Taken,
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
            Self::Taken | Self::Dangling | Self::Internal(_) => Kind::Internal,
        }
    }
}
