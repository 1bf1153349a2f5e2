//! Orders: what was bought, at the price of the day, which never changes with the catalogue.

use std::fmt;

use async_trait::async_trait;
use keyward_auth::SecretHash;
use time::OffsetDateTime;

use crate::failure::{Failure, Kind};
use crate::letters::LetterError;
use crate::money::Money;
use crate::outbox;
use crate::page::{Page, Slice};
use crate::ports::Ports;
use crate::shop::catalog::{Label, ProductId};
use crate::store::{Repositories, StoreError};
use crate::text::Text;
use crate::users::UserId;

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

/// The use cases of orders.
#[derive(Clone)]
pub struct Orders {
    ports: Ports,
}

impl Orders {
    /// Use cases over these ports.
    pub fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Orders what is in the user's cart: takes the stock, keeps names and prices, empties the cart, and writes the
    /// confirmation; all or nothing.
    ///
    /// The same `key` with the same address gives the same order again. An attempt that fails leaves no trace.
    pub async fn place(
        &self,
        user: UserId,
        address: Address,
        key: Option<IdempotencyKey>,
    ) -> Result<Order, OrderError> {
        let digest = SecretHash::of(address.as_str());
        let mut tx = self.ports.store.begin().await?;
        // Emptying the cart comes first: of two clicks at once the second waits here, and then finds what the first did.
        let wanted = tx.carts().empty(user).await?;
        if let Some(key) = &key
            && let Some((id, asked)) = tx.orders().find_by_key(user, key).await?
        {
            return if asked == digest { found(&mut *tx, id).await } else { Err(OrderError::KeyReused) };
        }
        if wanted.is_empty() {
            return Err(OrderError::EmptyCart);
        }
        let (mut lines, mut amount) = (Vec::new(), Money::default());
        for (product, quantity) in wanted {
            let line = take(&mut *tx, product, quantity).await?;
            let subtotal = line.price.times(quantity).ok_or(OrderError::TooLarge)?;
            amount = amount.plus(subtotal).ok_or(OrderError::TooLarge)?;
            lines.push(line);
        }
        let placed_at = self.ports.clock.now();
        let key = key.map(|key| (key, digest));
        let id = tx.orders().insert(&NewOrder { user, placed_at, amount, address, lines, key }).await?;
        let order = found(&mut *tx, id).await?;
        self.confirm(&mut *tx, &order).await?;
        tx.commit().await?;
        Ok(order)
    }

    /// Puts the confirmation into the outbox.
    async fn confirm(
        &self,
        repositories: &mut (impl Repositories + ?Sized),
        order: &Order,
    ) -> Result<(), OrderError> {
        let Some(user) = repositories.users().find(order.user).await? else { return Ok(()) };
        let letter = self.ports.letters.order_confirmation(order)?;
        outbox::post(repositories, &self.ports, user.email, letter).await?;
        Ok(())
    }

    /// An order of the user's own.
    pub async fn find(&self, user: UserId, id: OrderId) -> Result<Order, OrderError> {
        let found = self.ports.store.autocommit().orders().find(id).await?;
        found.filter(|order| order.user == user).ok_or(OrderError::NotFound(id))
    }

    /// One page of a user's orders, or of everybody's.
    pub async fn list(&self, user: Option<UserId>, page: Page) -> Result<Slice<Order>, OrderError> {
        let rows = self.ports.store.autocommit().orders().list(user, page).await?;
        Ok(Slice::cut(rows, page, |order| order.id.0))
    }

    /// Moves anybody's order on. Calling one off puts its pieces back.
    pub async fn advance(&self, id: OrderId, to: OrderStatus) -> Result<Order, OrderError> {
        let mut tx = self.ports.store.begin().await?;
        let order = found(&mut *tx, id).await?;
        let from = order.status;
        if !from.may_become(to) || !tx.orders().advance(id, from, to).await? {
            return Err(OrderError::NoWay { from, to });
        }
        if to == OrderStatus::Cancelled {
            for line in &order.lines {
                tx.catalog().put_back(line.product, line.quantity).await?;
            }
        }
        tx.commit().await?;
        Ok(Order { status: to, ..order })
    }
}

async fn found(repositories: &mut (impl Repositories + ?Sized), id: OrderId) -> Result<Order, OrderError> {
    repositories.orders().find(id).await?.ok_or(OrderError::NotFound(id))
}

/// Takes pieces off the stock and says what they cost at that moment.
async fn take(
    repositories: &mut (impl Repositories + ?Sized),
    product: ProductId,
    quantity: u32,
) -> Result<Line, OrderError> {
    if !repositories.catalog().take(product, quantity).await? {
        return Err(OrderError::OutOfStock);
    }
    let found = repositories.catalog().find_product(product).await?.ok_or(OrderError::OutOfStock)?;
    Ok(Line { product, name: found.name, price: found.price, quantity })
}
