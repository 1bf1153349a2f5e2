//! Reading and changing the catalogue.

use std::sync::Arc;

use keyward_auth::ErrorCode;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::bundle::Ports;
use keyward_domain::values::codes;
use keyward_domain::values::failure::{Failure, Kind};
use keyward_domain::values::page::{Page, Slice};

use super::ids::{CategoryId, ProductId};
use super::product::{Category, Label, Product, ProductFilter, ProductSpec};
use super::store::ShopStore;

/// A product names a category that does not exist.
pub const INVALID_CATEGORY: ErrorCode = ErrorCode::new("invalid_category");
/// The category has products.
pub const IN_USE: ErrorCode = ErrorCode::new("in_use");

/// Why a use case of the catalogue failed.
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

    fn code(&self) -> ErrorCode {
        match self {
            Self::NoCategory(_) | Self::NoProduct(_) => codes::NOT_FOUND,
            Self::InvalidCategory => INVALID_CATEGORY,
            Self::InUse(_) => IN_USE,
            Self::Store(error) => error.code(),
        }
    }
}

keyward_domain::cases! {
    /// No such category.
    NoCategory => CatalogError::NoCategory(CategoryId(9));
    /// No such product.
    NoProduct => CatalogError::NoProduct(ProductId(9));
    /// The product's category does not exist.
    InvalidCategory => CatalogError::InvalidCategory;
    /// The category has products.
    CategoryInUse => CatalogError::InUse(CategoryId(9));
}

/// The use cases of the catalogue.
#[derive(Clone)]
pub struct Catalog {
    ports: Ports,
    store: Arc<dyn ShopStore>,
}

impl Catalog {
    /// Use cases over these ports.
    pub fn new(ports: Ports, store: Arc<dyn ShopStore>) -> Self {
        Self { ports, store }
    }

    pub async fn create_category(&self, name: &Label) -> Result<Category, CatalogError> {
        Ok(self.store.catalog().insert_category(name).await?)
    }

    /// The category of that id.
    pub async fn category(&self, id: CategoryId) -> Result<Category, CatalogError> {
        let mut found = self.store.catalog_replica().find_category(id).await?;
        if found.is_none() {
            found = self.store.catalog().find_category(id).await?;
        }
        found.ok_or(CatalogError::NoCategory(id))
    }

    /// One page of the categories.
    pub async fn categories(&self, page: Page) -> Result<Slice<Category>, CatalogError> {
        let rows = self.store.catalog_replica().list_categories(page).await?;
        Ok(Slice::cut(rows, page, |category| category.id.0))
    }

    pub async fn rename_category(&self, id: CategoryId, name: Label) -> Result<Category, CatalogError> {
        let renamed = self.store.catalog().rename_category(id, &name).await?;
        if renamed { Ok(Category { id, name }) } else { Err(CatalogError::NoCategory(id)) }
    }

    /// Removes a category without products.
    pub async fn delete_category(&self, id: CategoryId) -> Result<(), CatalogError> {
        match self.store.catalog().delete_category(id).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(CatalogError::NoCategory(id)),
            Err(StoreError::Dangling) => Err(CatalogError::InUse(id)),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn create_product(&self, spec: &ProductSpec) -> Result<Product, CatalogError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.store.begin().await?;
                let id = tx.catalog().insert_product(spec).await.map_err(on_write)?;
                let product = tx.catalog().find_product(id).await?.ok_or(CatalogError::NoProduct(id))?;
                tx.commit().await?;
                Ok(product)
            })
            .await
    }

    /// The product of that id.
    pub async fn product(&self, id: ProductId) -> Result<Product, CatalogError> {
        let mut found = self.store.catalog_replica().find_product(id).await?;
        if found.is_none() {
            found = self.store.catalog().find_product(id).await?;
        }
        found.ok_or(CatalogError::NoProduct(id))
    }

    /// One page of the products that fit `filter`.
    pub async fn products(&self, filter: &ProductFilter, page: Page) -> Result<Slice<Product>, CatalogError> {
        Ok(self.store.catalog_replica().list_products(filter, page).await?)
    }

    pub async fn replace_product(&self, id: ProductId, spec: &ProductSpec) -> Result<Product, CatalogError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.store.begin().await?;
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
        let deleted = self.store.catalog().delete_product(id).await?;
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
