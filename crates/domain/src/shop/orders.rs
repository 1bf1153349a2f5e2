//! Orders: what was bought, at the price of the day, which never changes with the catalogue.

use std::fmt;

use async_trait::async_trait;
use keyward_auth::SecretHash;
use time::OffsetDateTime;

use crate::model::store_error::StoreError;
use crate::ports::letters::LetterError;
use crate::shop::catalog::{Label, ProductId};
use crate::values::failure::{Failure, Kind};
use crate::values::ids::UserId;
use crate::values::money::Money;
use crate::values::page::Page;
use crate::values::text::Text;

pub use crate::shop::placing::Orders;

/// The id of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderId(pub i64);

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where an order goes.
pub type Address = Text<1, 1_000>;

/// What a client calls an order it places, so that it can ask again without placing another.
pub type IdempotencyKey = Text<1, 255>;

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    /// Placed.
    Processing,
    /// On its way.
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
    /// How many pieces.
    pub quantity: u32,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The id.
    pub id: OrderId,
    /// Who placed it.
    pub user: UserId,
    /// When.
    pub placed_at: OffsetDateTime,
    /// What everything cost.
    pub amount: Money,
    /// How far it is.
    pub status: OrderStatus,
    /// Where it goes.
    pub address: Address,
    /// What was bought.
    pub lines: Vec<Line>,
}

/// An order about to be kept.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// Who places it.
    pub user: UserId,
    /// Now.
    pub placed_at: OffsetDateTime,
    /// What everything costs.
    pub amount: Money,
    /// Where it goes.
    pub address: Address,
    /// What is bought.
    pub lines: Vec<Line>,
    /// What the client calls it, and the digest of what was asked for.
    pub key: Option<(IdempotencyKey, SecretHash)>,
}

/// Where orders are kept.
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
    /// One row more than the page has, by ascending id; of one user or of all.
    async fn list(&mut self, user: Option<UserId>, page: Page) -> Result<Vec<Order>, StoreError>;
    /// Moves an order from one status to another; says whether it was in the first.
    async fn advance(&mut self, id: OrderId, from: OrderStatus, to: OrderStatus) -> Result<bool, StoreError>;
}

/// Why a use case of this module did not happen.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// There is nothing to order.
    #[error("No Items found in Cart !")]
    EmptyCart,
    /// There are fewer pieces left than wanted.
    #[error("Item Out of Stock !")]
    OutOfStock,
    /// There is no such order that the caller may know of.
    #[error("order with id: {0} was not found")]
    NotFound(OrderId),
    /// The key was used for another order.
    #[error("This Idempotency-Key was used with another body.")]
    KeyReused,
    /// An order cannot go from here to there.
    #[error("an order that is {from} cannot become {to}")]
    NoWay {
        /// The status it has.
        from: OrderStatus,
        /// The status it was to get.
        to: OrderStatus,
    },
    /// The sum is more than can be counted.
    #[error("The order is too large.")]
    TooLarge,
    /// The confirmation could not be worded.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for OrderError {
    fn kind(&self) -> Kind {
        match self {
            Self::EmptyCart | Self::NotFound(_) => Kind::NotFound,
            Self::OutOfStock | Self::NoWay { .. } => Kind::Conflict,
            Self::KeyReused => Kind::Unprocessable,
            Self::TooLarge => Kind::Invalid,
            Self::Letter(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }
}
