//! Carts: one a user, there from the start, a line per product. A cart reserves nothing: stock is taken by the order.

use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::PAGE_BYTES;

use super::ids::{ItemId, ProductId};
use super::money::Money;
use super::product::{Description, Product};

/// How many lines a cart may have: it is shown whole, and ordered in one transaction.
pub const MAX_LINES: u64 = 100;
/// The most pieces a line can have.
pub const MAX_QUANTITY: u32 = 1_000;

/// A line of a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub id: ItemId,
    /// What is wanted, as it is in the catalogue now.
    pub product: Product,
    pub quantity: u32,
}

impl Item {
    /// What the line costs now.
    pub fn subtotal(&self) -> Money {
        self.product.price.times(self.quantity).unwrap_or(Money::MAX)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cart {
    /// Its lines, in the order in which they came. Beyond [`PAGE_BYTES`] products are shown without their descriptions.
    pub items: Vec<Item>,
}

impl Cart {
    /// The cart of these lines. From where the products exceed [`PAGE_BYTES`] in JSON, they have no descriptions.
    pub fn of(mut items: Vec<Item>) -> Self {
        let mut bytes = 0;
        for item in &mut items {
            bytes += item.product.json_bytes();
            if bytes > PAGE_BYTES {
                item.product.description = Description::from_stored(String::new());
            }
        }
        Self { items }
    }

    /// What everything costs now.
    pub fn total(&self) -> Money {
        self.items.iter().fold(Money::default(), |total, item| total.plus(item.subtotal()).unwrap_or(total))
    }
}

#[async_trait]
pub trait CartRepository: Send {
    /// The lines of a user's cart, by ascending id. Where the products would exceed [`PAGE_BYTES`], they come without
    /// their descriptions from there on.
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
    /// Returns the number of lines in the user's cart.
    async fn count(&mut self, user: UserId) -> Result<u64, StoreError>;
    /// Sets the pieces of a line of this user's. Returns whether it existed.
    async fn set(&mut self, user: UserId, id: ItemId, quantity: u32) -> Result<bool, StoreError>;
    /// Removes a line of this user's. Returns whether it existed.
    async fn remove(&mut self, user: UserId, id: ItemId) -> Result<bool, StoreError>;
    /// Empties a user's cart and returns what was in it, by ascending product, to one caller only.
    async fn empty(&mut self, user: UserId) -> Result<Vec<(ProductId, u32)>, StoreError>;
}
