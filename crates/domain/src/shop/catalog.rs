//! The catalogue: categories and the products in them, read by anyone.

use std::fmt;

use async_trait::async_trait;

use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::values::failure::{Failure, Kind};
use crate::values::money::Money;
use crate::values::page::{Page, Slice};
use crate::values::text::Text;

/// The id of a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CategoryId(pub i64);

/// The id of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProductId(pub i64);

impl fmt::Display for CategoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ProductId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a category or product is called.
pub type Label = Text<1, 200>;
/// What is said about a product.
pub type Description = Text<0, 10_000>;

/// The most pieces of a product there can be.
pub const MAX_STOCK: u32 = 1_000_000;

/// A category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// The id.
    pub id: CategoryId,
    /// What it is called.
    pub name: Label,
}

/// A product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The id.
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
    /// Only those whose name holds this text, whatever its letter case.
    pub search: Option<String>,
}

/// Where the catalogue is kept.
#[async_trait]
pub trait CatalogRepository: Send {
    /// Adds a category.
    async fn insert_category(&mut self, name: &Label) -> Result<Category, StoreError>;
    /// The category of that id.
    async fn find_category(&mut self, id: CategoryId) -> Result<Option<Category>, StoreError>;
    /// One row more than the page has, by ascending id.
    async fn list_categories(&mut self, page: Page) -> Result<Vec<Category>, StoreError>;
    /// Renames a category; says whether there was one.
    async fn rename_category(&mut self, id: CategoryId, name: &Label) -> Result<bool, StoreError>;
    /// Removes a category; [`StoreError::Dangling`] while it has products. Says whether there was one.
    async fn delete_category(&mut self, id: CategoryId) -> Result<bool, StoreError>;
    /// Adds a product; [`StoreError::Dangling`] when its category is not there.
    async fn insert_product(&mut self, spec: &ProductSpec) -> Result<ProductId, StoreError>;
    /// The product of that id.
    async fn find_product(&mut self, id: ProductId) -> Result<Option<Product>, StoreError>;
    /// One row more than the page has, by ascending id.
    async fn list_products(&mut self, filter: &ProductFilter, page: Page)
    -> Result<Vec<Product>, StoreError>;
    /// Replaces a product; [`StoreError::Dangling`] when its category is not there. Says whether there was one.
    async fn replace_product(&mut self, id: ProductId, spec: &ProductSpec) -> Result<bool, StoreError>;
    /// Removes a product, from carts too; orders stay as they were. Says whether there was one.
    async fn delete_product(&mut self, id: ProductId) -> Result<bool, StoreError>;
    /// Takes so many pieces off the stock if there are enough; says whether there were.
    async fn take(&mut self, id: ProductId, quantity: u32) -> Result<bool, StoreError>;
    /// Puts pieces back, if the product is still there.
    async fn put_back(&mut self, id: ProductId, quantity: u32) -> Result<(), StoreError>;
}

/// Why a use case of this module did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// There is no such category.
    #[error("category with id: {0} was not found")]
    NoCategory(CategoryId),
    /// There is no such product.
    #[error("product with id: {0} was not found")]
    NoProduct(ProductId),
    /// A product was to belong to a category that is not there.
    #[error("You have provided invalid category id.")]
    InvalidCategory,
    /// A category with products cannot be removed.
    #[error("category with id: {0} has products")]
    InUse(CategoryId),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for CatalogError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoCategory(_) | Self::NoProduct(_) => Kind::NotFound,
            Self::InvalidCategory => Kind::Invalid,
            Self::InUse(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }
}

/// The use cases of the catalogue.
#[derive(Clone)]
pub struct Catalog {
    ports: Ports,
}

impl Catalog {
    /// Use cases over these ports.
    pub fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Adds a category.
    pub async fn create_category(&self, name: &Label) -> Result<Category, CatalogError> {
        Ok(self.ports.store.autocommit().catalog().insert_category(name).await?)
    }

    /// The category of that id.
    pub async fn category(&self, id: CategoryId) -> Result<Category, CatalogError> {
        let mut found = self.ports.store.replica().catalog().find_category(id).await?;
        if found.is_none() {
            found = self.ports.store.autocommit().catalog().find_category(id).await?;
        }
        found.ok_or(CatalogError::NoCategory(id))
    }

    /// One page of the categories.
    pub async fn categories(&self, page: Page) -> Result<Slice<Category>, CatalogError> {
        let rows = self.ports.store.replica().catalog().list_categories(page).await?;
        Ok(Slice::cut(rows, page, |category| category.id.0))
    }

    /// Renames a category.
    pub async fn rename_category(&self, id: CategoryId, name: Label) -> Result<Category, CatalogError> {
        let renamed = self.ports.store.autocommit().catalog().rename_category(id, &name).await?;
        if renamed { Ok(Category { id, name }) } else { Err(CatalogError::NoCategory(id)) }
    }

    /// Removes a category without products.
    pub async fn delete_category(&self, id: CategoryId) -> Result<(), CatalogError> {
        match self.ports.store.autocommit().catalog().delete_category(id).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(CatalogError::NoCategory(id)),
            Err(StoreError::Dangling) => Err(CatalogError::InUse(id)),
            Err(error) => Err(error.into()),
        }
    }

    /// Adds a product.
    pub async fn create_product(&self, spec: &ProductSpec) -> Result<Product, CatalogError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                let id = tx.catalog().insert_product(spec).await.map_err(on_write)?;
                let product = tx.catalog().find_product(id).await?.ok_or(CatalogError::NoProduct(id))?;
                tx.commit().await?;
                Ok(product)
            })
            .await
    }

    /// The product of that id.
    pub async fn product(&self, id: ProductId) -> Result<Product, CatalogError> {
        let mut found = self.ports.store.replica().catalog().find_product(id).await?;
        if found.is_none() {
            found = self.ports.store.autocommit().catalog().find_product(id).await?;
        }
        found.ok_or(CatalogError::NoProduct(id))
    }

    /// One page of the products that fit `filter`.
    pub async fn products(&self, filter: &ProductFilter, page: Page) -> Result<Slice<Product>, CatalogError> {
        let rows = self.ports.store.replica().catalog().list_products(filter, page).await?;
        Ok(Slice::cut(rows, page, |product| product.id.0))
    }

    /// Replaces a product.
    pub async fn replace_product(&self, id: ProductId, spec: &ProductSpec) -> Result<Product, CatalogError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                if !tx.catalog().replace_product(id, spec).await.map_err(on_write)? {
                    return Err(CatalogError::NoProduct(id));
                }
                let product = tx.catalog().find_product(id).await?.ok_or(CatalogError::NoProduct(id))?;
                tx.commit().await?;
                Ok(product)
            })
            .await
    }

    /// Removes a product, from carts too; orders stay as they were.
    pub async fn delete_product(&self, id: ProductId) -> Result<(), CatalogError> {
        let deleted = self.ports.store.autocommit().catalog().delete_product(id).await?;
        if deleted { Ok(()) } else { Err(CatalogError::NoProduct(id)) }
    }
}

/// The only thing a product points to is its category.
fn on_write(error: StoreError) -> CatalogError {
    match error {
        StoreError::Dangling => CatalogError::InvalidCategory,
        other => CatalogError::Store(other),
    }
}
