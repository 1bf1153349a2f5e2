//! The unit of work: Keyward's own, with the blog's repositories beside it.

use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::store::Transaction;

use super::post::PostRepository;

/// A transaction over Keyward's repositories and the blog's.
pub trait BlogTransaction: Transaction {
    /// Posts.
    fn posts(&mut self) -> &mut dyn PostRepository;
}

/// The database, as the blog sees it.
#[async_trait]
pub trait BlogStore: Send + Sync {
    /// Posts, where every call is a transaction of its own.
    fn posts(&self) -> Box<dyn PostRepository>;
    /// Posts, possibly slightly stale: for what anyone can read without a token.
    fn posts_replica(&self) -> Box<dyn PostRepository>;
    /// Begins a transaction.
    async fn begin(&self) -> Result<Box<dyn BlogTransaction>, StoreError>;
}
