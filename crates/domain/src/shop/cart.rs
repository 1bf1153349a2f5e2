//! The cart: one a user, there from the start, a line a product. It promises nothing: stock is taken by the order.

use std::fmt;

use async_trait::async_trait;

use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::shop::catalog::{Product, ProductId};
use crate::values::failure::{Failure, Kind};
use crate::values::ids::UserId;
use crate::values::money::Money;

/// The id of a line in a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId(pub i64);

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many lines a cart may have: it is shown whole, and ordered in one transaction.
pub const MAX_LINES: u64 = 100;
/// The most pieces a line can have.
pub const MAX_QUANTITY: u32 = 1_000;

/// A line of a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The id.
    pub id: ItemId,
    /// What is wanted, as it is in the catalogue now.
    pub product: Product,
    /// How many pieces.
    pub quantity: u32,
}

impl Item {
    /// What the line costs now.
    pub fn subtotal(&self) -> Money {
        self.product.price.times(self.quantity).unwrap_or(Money::MAX)
    }
}

/// A cart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cart {
    /// Its lines, in the order in which they came.
    pub items: Vec<Item>,
}

impl Cart {
    /// What everything costs now.
    pub fn total(&self) -> Money {
        self.items.iter().fold(Money::default(), |total, item| total.plus(item.subtotal()).unwrap_or(total))
    }
}

/// Where carts are kept.
#[async_trait]
pub trait CartRepository: Send {
    /// The lines of a user's cart, by ascending id.
    async fn items(&mut self, user: UserId) -> Result<Vec<Item>, StoreError>;
    /// The line of that id, if it is this user's.
    async fn find(&mut self, user: UserId, id: ItemId) -> Result<Option<Item>, StoreError>;
    /// Adds pieces to the line of a product, which it makes if needed, unless that would be more than `most`: `None`
    /// then. [`StoreError::Dangling`] when the product is gone.
    async fn add(
        &mut self,
        user: UserId,
        product: ProductId,
        quantity: u32,
        most: u32,
    ) -> Result<Option<ItemId>, StoreError>;
    /// How many lines the user's cart has.
    async fn count(&mut self, user: UserId) -> Result<u64, StoreError>;
    /// Sets the pieces of a line of this user's; says whether there was one.
    async fn set(&mut self, user: UserId, id: ItemId, quantity: u32) -> Result<bool, StoreError>;
    /// Removes a line of this user's; says whether there was one.
    async fn remove(&mut self, user: UserId, id: ItemId) -> Result<bool, StoreError>;
    /// Empties a user's cart and hands out what was in it, by ascending product; to one caller only.
    async fn empty(&mut self, user: UserId) -> Result<Vec<(ProductId, u32)>, StoreError>;
}

/// Why a use case of this module did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CartError {
    /// There is no such product.
    #[error("product with id: {0} was not found")]
    NoProduct(ProductId),
    /// The caller has no such line.
    #[error("cart item with id: {0} was not found")]
    NotFound(ItemId),
    /// There are fewer pieces left than wanted.
    #[error("Item Out of Stock !")]
    OutOfStock,
    /// A line cannot have so many pieces.
    #[error("A cart may hold at most {MAX_QUANTITY} pieces of a product.")]
    TooMany,
    /// A cart cannot have so many lines.
    #[error("A cart may hold at most {MAX_LINES} products.")]
    TooManyLines,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for CartError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoProduct(_) | Self::NotFound(_) => Kind::NotFound,
            Self::OutOfStock | Self::TooMany | Self::TooManyLines => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }
}

/// The use cases of carts.
#[derive(Clone)]
pub struct Carts {
    ports: Ports,
}

impl Carts {
    /// Use cases over these ports.
    pub fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// The user's cart.
    pub async fn cart(&self, user: UserId) -> Result<Cart, CartError> {
        Ok(Cart { items: self.ports.store.autocommit().carts().items(user).await? })
    }

    /// Puts pieces of a product into the user's cart; the same product twice is one line.
    pub async fn add(&self, user: UserId, product: ProductId, quantity: u32) -> Result<Item, CartError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                let no_product = || CartError::NoProduct(product);
                tx.catalog().find_product(product).await?.ok_or_else(no_product)?;
                let id = match tx.carts().add(user, product, quantity, MAX_QUANTITY).await {
                    Ok(id) => id.ok_or(CartError::TooMany)?,
                    Err(StoreError::Dangling) => return Err(no_product()),
                    Err(error) => return Err(error.into()),
                };
                // Of several that come at once each sees its own line: a few too many do no harm.
                if tx.carts().count(user).await? > MAX_LINES {
                    return Err(CartError::TooManyLines);
                }
                let item = in_stock(tx.carts().find(user, id).await?, id)?;
                tx.commit().await?;
                Ok(item)
            })
            .await
    }

    /// Sets how many pieces the user wants.
    pub async fn set(&self, user: UserId, id: ItemId, quantity: u32) -> Result<Item, CartError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                if !tx.carts().set(user, id, quantity).await? {
                    return Err(CartError::NotFound(id));
                }
                let item = in_stock(tx.carts().find(user, id).await?, id)?;
                tx.commit().await?;
                Ok(item)
            })
            .await
    }

    /// Takes a line out of the user's cart.
    pub async fn remove(&self, user: UserId, id: ItemId) -> Result<(), CartError> {
        let removed = self.ports.store.autocommit().carts().remove(user, id).await?;
        if removed { Ok(()) } else { Err(CartError::NotFound(id)) }
    }
}

/// The line, if as many pieces are left as it wants.
fn in_stock(item: Option<Item>, id: ItemId) -> Result<Item, CartError> {
    let item = item.ok_or(CartError::NotFound(id))?;
    if item.quantity > item.product.quantity { Err(CartError::OutOfStock) } else { Ok(item) }
}
