//! The catalogue: categories and products, and their repository.

use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::page::{Page, Slice, json_bytes};
use keyward_domain::values::text::Text;

use super::ids::{CategoryId, ProductId};
use super::money::Money;

/// What a category or product is called.
pub type Label = Text<1, 200>;
/// What is said about a product.
pub type Description = Text<0, 10_000>;

/// The most pieces of a product there can be.
pub const MAX_STOCK: u32 = 1_000_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    pub id: CategoryId,
    /// What it is called.
    pub name: Label,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub id: ProductId,
    /// What it is called.
    pub name: Label,
    /// What is said about it.
    pub description: Description,
    /// What one piece costs today.
    pub price: Money,
    /// How many pieces are left.
    pub quantity: u32,
    /// What it belongs to.
    pub category: Category,
}

impl Product {
    /// The bytes in JSON of what was written about it.
    pub fn json_bytes(&self) -> u64 {
        [self.name.as_str(), self.description.as_str(), self.category.name.as_str()]
            .map(json_bytes)
            .iter()
            .sum()
    }
}

/// What a product shall be.
#[derive(Clone, Debug)]
pub struct ProductSpec {
    /// What it is called.
    pub name: Label,
    /// What is said about it.
    pub description: Description,
    /// What one piece costs.
    pub price: Money,
    /// How many pieces there are.
    pub quantity: u32,
    /// What it belongs to.
    pub category: CategoryId,
}

/// Which products are wanted.
#[derive(Clone, Debug, Default)]
pub struct ProductFilter {
    /// Only those of this category.
    pub category: Option<CategoryId>,
    /// Only those whose name contains this text, in any letter case.
    pub search: Option<String>,
}

#[async_trait]
pub trait CatalogRepository: Send {
    async fn insert_category(&mut self, name: &Label) -> Result<Category, StoreError>;
    /// The category of that id.
    async fn find_category(&mut self, id: CategoryId) -> Result<Option<Category>, StoreError>;
    /// Returns one row more than the page has, by ascending id.
    async fn list_categories(&mut self, page: Page) -> Result<Vec<Category>, StoreError>;
    /// Renames a category. Returns whether it existed.
    async fn rename_category(&mut self, id: CategoryId, name: &Label) -> Result<bool, StoreError>;
    /// Removes a category; [`StoreError::Dangling`] while it has products. Returns whether it existed.
    async fn delete_category(&mut self, id: CategoryId) -> Result<bool, StoreError>;
    /// Adds a product; [`StoreError::Dangling`] when its category is not there.
    async fn insert_product(&mut self, spec: &ProductSpec) -> Result<ProductId, StoreError>;
    /// The product of that id.
    async fn find_product(&mut self, id: ProductId) -> Result<Option<Product>, StoreError>;
    /// Returns one page, by ascending id. It ends early where the products would exceed [`PAGE_BYTES`](keyward_domain::values::page::PAGE_BYTES), and where a search
    /// that no index helps has read enough.
    async fn list_products(
        &mut self,
        filter: &ProductFilter,
        page: Page,
    ) -> Result<Slice<Product>, StoreError>;
    /// Replaces a product; [`StoreError::Dangling`] when its category is not there. Returns whether it existed.
    async fn replace_product(&mut self, id: ProductId, spec: &ProductSpec) -> Result<bool, StoreError>;
    /// Removes a product, from carts too; orders stay as they were. Returns whether it existed.
    async fn delete_product(&mut self, id: ProductId) -> Result<bool, StoreError>;
    /// Takes pieces off the stock if there are enough. Returns whether there were.
    async fn take(&mut self, id: ProductId, quantity: u32) -> Result<bool, StoreError>;
    /// Puts pieces back, if the product is still there.
    async fn put_back(&mut self, id: ProductId, quantity: u32) -> Result<(), StoreError>;
}
