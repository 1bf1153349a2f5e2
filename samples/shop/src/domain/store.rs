//! The unit of work: Keyward's own, with the shop's repositories beside it, so that an order and its mail share one
//! transaction.

use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::store::Transaction;

use super::cart::CartRepository;
use super::order::OrderRepository;
use super::product::CatalogRepository;

/// A transaction over Keyward's repositories and the shop's.
pub trait ShopTransaction: Transaction {
    fn catalog(&mut self) -> &mut dyn CatalogRepository;
    fn carts(&mut self) -> &mut dyn CartRepository;
    fn orders(&mut self) -> &mut dyn OrderRepository;
}

/// The database, as the shop sees it.
#[async_trait]
pub trait ShopStore: Send + Sync {
    /// The catalogue, where every call is a transaction of its own.
    fn catalog(&self) -> Box<dyn CatalogRepository>;
    /// The catalogue, possibly slightly stale: for what anyone can read without a token.
    fn catalog_replica(&self) -> Box<dyn CatalogRepository>;
    /// Carts, where every call is a transaction of its own.
    fn carts(&self) -> Box<dyn CartRepository>;
    /// Orders, where every call is a transaction of its own.
    fn orders(&self) -> Box<dyn OrderRepository>;
    /// Orders, possibly slightly stale: for the lists of administrators.
    fn orders_replica(&self) -> Box<dyn OrderRepository>;
    async fn begin(&self) -> Result<Box<dyn ShopTransaction>, StoreError>;
}
