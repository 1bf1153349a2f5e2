//! Orders: what was bought, at the price of the day, which never changes with the catalogue.

use std::fmt;

use async_trait::async_trait;
use keyward_auth::SecretHash;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::{Page, Slice, json_bytes};
use keyward_domain::values::text::Text;
use time::OffsetDateTime;

use super::ids::{OrderId, ProductId};
use super::money::Money;
use super::product::Label;

/// Where an order goes.
pub type Address = Text<1, 1_000>;

/// How many orders of an account may wait to be shipped: all of them are called off in one transaction when it is deleted.
pub const MOST_UNDER_WAY: u64 = 1_000;
/// How many orders an account may have.
pub const MOST_ORDERS: u64 = 10_000;

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

/// About how many bytes of JSON a line has beside the product's name.
pub const LINE_BYTES: u64 = 100;

impl Order {
    /// About the bytes in JSON.
    pub fn json_bytes(&self) -> u64 {
        let lines = self.lines.iter().map(|line| LINE_BYTES + json_bytes(line.name.as_str()));
        json_bytes(self.address.as_str()) + lines.sum::<u64>()
    }
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
    /// Returns one page of one user's orders or of all, by ascending id. It ends early where the orders would exceed
    /// [`PAGE_BYTES`](keyward_domain::values::page::PAGE_BYTES).
    async fn list(&mut self, user: Option<UserId>, page: Page) -> Result<Slice<Order>, StoreError>;
    /// Moves an order from one status to another. Returns whether it was in the first.
    async fn advance(&mut self, id: OrderId, from: OrderStatus, to: OrderStatus) -> Result<bool, StoreError>;
    /// Returns the number of a user's orders; with a status, only of those that have it.
    async fn count_of(&mut self, user: UserId, status: Option<OrderStatus>) -> Result<u64, StoreError>;
    /// Calls off every order of a user that was not shipped. Returns the pieces of each product, by ascending product.
    async fn call_off(&mut self, user: UserId) -> Result<Vec<(ProductId, u32)>, StoreError>;
    /// Gives a user's shipped orders, without address and key, to another account.
    async fn give_up(&mut self, user: UserId, to: UserId) -> Result<(), StoreError>;
}
