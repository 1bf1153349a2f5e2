//! Filling and changing one's cart.

use std::sync::Arc;

use keyward_auth::ErrorCode;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::bundle::Ports;
use keyward_domain::values::codes;
use keyward_domain::values::failure::{Failure, Kind};
use keyward_domain::values::ids::UserId;

use super::cart::{Cart, Item, MAX_LINES, MAX_QUANTITY};
use super::ids::{ItemId, ProductId};
use super::store::ShopStore;

/// Fewer pieces are left than wanted.
pub const OUT_OF_STOCK: ErrorCode = ErrorCode::new("out_of_stock");
/// A line of the cart would have too many pieces.
pub const TOO_MANY_PIECES: ErrorCode = ErrorCode::new("too_many_pieces");
/// The cart has as many lines as it may have.
pub const CART_FULL: ErrorCode = ErrorCode::new("cart_full");

/// Why a use case of carts failed.
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
    /// More pieces than a line can have.
    #[error("A cart may hold at most {MAX_QUANTITY} pieces of a product.")]
    TooMany,
    /// More lines than a cart can have.
    #[error("A cart may hold at most {MAX_LINES} products.")]
    TooManyLines,
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

    fn code(&self) -> ErrorCode {
        match self {
            Self::NoProduct(_) | Self::NotFound(_) => codes::NOT_FOUND,
            Self::OutOfStock => OUT_OF_STOCK,
            Self::TooMany => TOO_MANY_PIECES,
            Self::TooManyLines => CART_FULL,
            Self::Store(error) => error.code(),
        }
    }
}

keyward_domain::cases! {
    /// No such product.
    NoProductToAdd => CartError::NoProduct(ProductId(9));
    /// No such line in the cart.
    NoLine => CartError::NotFound(ItemId(9));
    /// Fewer pieces are left.
    OutOfStock => CartError::OutOfStock;
    /// The line would have too many pieces.
    TooManyPieces => CartError::TooMany;
    /// The cart has as many lines as it may have.
    CartFull => CartError::TooManyLines;
}

/// The use cases of carts.
#[derive(Clone)]
pub struct Carts {
    ports: Ports,
    store: Arc<dyn ShopStore>,
}

impl Carts {
    /// Use cases over these ports.
    pub fn new(ports: Ports, store: Arc<dyn ShopStore>) -> Self {
        Self { ports, store }
    }

    pub async fn cart(&self, user: UserId) -> Result<Cart, CartError> {
        Ok(Cart::of(self.store.carts().items(user).await?))
    }

    /// Puts pieces of a product into the user's cart; the same product twice is one line.
    pub async fn add(&self, user: UserId, product: ProductId, quantity: u32) -> Result<Item, CartError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.store.begin().await?;
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
                let mut tx = self.store.begin().await?;
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
        let removed = self.store.carts().remove(user, id).await?;
        if removed { Ok(()) } else { Err(CartError::NotFound(id)) }
    }
}

/// The line, if as many pieces are left as it wants.
fn in_stock(item: Option<Item>, id: ItemId) -> Result<Item, CartError> {
    let item = item.ok_or(CartError::NotFound(id))?;
    if item.quantity > item.product.quantity { Err(CartError::OutOfStock) } else { Ok(item) }
}
