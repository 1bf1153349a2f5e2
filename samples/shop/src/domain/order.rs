//! Orders: what was bought, at the price of the day, which never changes with the catalogue.

use std::fmt;

use async_trait::async_trait;
use keyward_auth::SecretHash;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::Page;
use keyward_domain::values::text::Text;
use time::OffsetDateTime;

use super::ids::{OrderId, ProductId};
use super::money::Money;
use super::product::Label;

/// Where an order goes.
pub type Address = Text<1, 1_000>;

/// What a client calls an order it places, so that it can ask again without placing another.
pub type IdempotencyKey = Text<1, 255>;

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    Processing,
    Shipped,
    /// Called off; its pieces are back in stock.
    Cancelled,
}

impl OrderStatus {
    /// Every status there is.
    pub const ALL: [Self; 3] = [Self::Processing, Self::Shipped, Self::Cancelled];

    /// Its name, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Shipped => "SHIPPED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether an order may go on from here to `next`.
    pub fn may_become(self, next: Self) -> bool {
        matches!((self, next), (Self::Processing, Self::Shipped | Self::Cancelled))
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which product it was; it may be gone.
    pub product: ProductId,
    /// What it was called.
    pub name: Label,
    /// What a piece cost.
    pub price: Money,
    pub quantity: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub id: OrderId,
    pub user: UserId,
    pub placed_at: OffsetDateTime,
    pub amount: Money,
    /// How far it is.
    pub status: OrderStatus,
    pub address: Address,
    pub lines: Vec<Line>,
}

/// An order about to be kept.
#[derive(Clone, Debug)]
pub struct NewOrder {
    pub user: UserId,
    pub placed_at: OffsetDateTime,
    pub amount: Money,
    pub address: Address,
    pub lines: Vec<Line>,
    /// What the client calls it, and the digest of what was asked for.
    pub key: Option<(IdempotencyKey, SecretHash)>,
}

#[async_trait]
pub trait OrderRepository: Send {
    /// Adds an order; [`StoreError::Taken`] when the user's key is.
    async fn insert(&mut self, order: &NewOrder) -> Result<OrderId, StoreError>;
    /// The order of that id.
    async fn find(&mut self, id: OrderId) -> Result<Option<Order>, StoreError>;
    /// The order that a user's key names, with the digest of what was asked for.
    async fn find_by_key(
        &mut self,
        user: UserId,
        key: &IdempotencyKey,
    ) -> Result<Option<(OrderId, SecretHash)>, StoreError>;
    /// Returns one row more than the page has, by ascending id; of one user or of all.
    async fn list(&mut self, user: Option<UserId>, page: Page) -> Result<Vec<Order>, StoreError>;
    /// Moves an order from one status to another. Returns whether it was in the first.
    async fn advance(&mut self, id: OrderId, from: OrderStatus, to: OrderStatus) -> Result<bool, StoreError>;
}
