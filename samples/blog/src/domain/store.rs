//! Transactions over Keyward's repositories and the blog's, so that one commit writes to both.

use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::store::Transaction;

use super::post::PostRepository;

/// A transaction. One that is dropped is rolled back.
pub trait BlogTransaction: Transaction {
    fn posts(&mut self) -> &mut dyn PostRepository;
}

/// The database, as the blog sees it.
#[async_trait]
pub trait BlogStore: Send + Sync {
    /// Posts, where every call is a transaction of its own.
    fn posts(&self) -> Box<dyn PostRepository>;
    /// Posts from a replica, possibly slightly stale: for what anyone reads without a token.
    fn posts_replica(&self) -> Box<dyn PostRepository>;
    async fn begin(&self) -> Result<Box<dyn BlogTransaction>, StoreError>;
}
