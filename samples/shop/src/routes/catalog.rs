//! The catalogue: read by anyone, written with `catalog:write`.

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use keyward_api::access::current_user::CurrentUser;
use keyward_api::answers::refused::Refused;
use keyward_api::answers::success::Created;
use keyward_api::extract::Paged;
use keyward_api::extract::read::text;
use keyward_web::{Body, Both, Input, List, Listed, Listing, Path};
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use super::amount::{Price, amount};
use super::scope;
use crate::domain::catalog::{Catalog, CategoryInUse, InvalidCategory, NoCategory, NoProduct};
use crate::domain::ids::{CategoryId, ProductId};
use crate::domain::money::Money;
use crate::domain::product::{self, Description, Label, MAX_STOCK, ProductFilter, ProductSpec};

/// A category.
#[derive(Serialize, ToSchema)]
pub struct Category {
    #[schema(example = 1)]
    id: i64,
    #[schema(example = "Books")]
    name: String,
}

impl From<product::Category> for Category {
    fn from(category: product::Category) -> Self {
        Self { id: category.id.0, name: category.name.to_string() }
    }
}

/// A product.
#[derive(Serialize, ToSchema)]
pub struct Product {
    #[schema(example = 1)]
    id: i64,
    #[schema(example = "The Rust Programming Language")]
    name: String,
    description: String,
    /// What one piece costs.
    #[schema(value_type = f64, example = 39.9)]
    price: Number,
    /// How many pieces are left.
    #[schema(example = 12)]
    quantity: u32,
    category: Category,
}

impl From<product::Product> for Product {
    fn from(product: product::Product) -> Self {
        Self {
            id: product.id.0,
            name: product.name.to_string(),
            description: product.description.to_string(),
            price: amount(product.price),
            quantity: product.quantity,
            category: product.category.into(),
        }
    }
}

/// What a category shall be.
#[derive(Input)]
#[input(example = json!({ "name": "Books" }))]
pub struct CategoryWrite {
    #[input(read = text())]
    name: Label,
}

/// What a product shall be.
#[derive(Input)]
#[input(
    max_body = 256 * 1024,
    example = json!({
        "name": "The Rust Programming Language", "description": "A book.", "price": 39.9, "quantity": 12,
        "category_id": 1
    }),
)]
pub struct ProductWrite {
    #[input(read = text())]
    name: Label,
    #[input(read = text())]
    description: Description,
    /// With at most two decimals.
    #[input(read = Price)]
    price: Money,
    #[input(range = 0..=MAX_STOCK)]
    quantity: u32,
    category_id: CategoryId,
}

impl From<ProductWrite> for ProductSpec {
    fn from(product: ProductWrite) -> Self {
        let ProductWrite { name, description, price, quantity, category_id } = product;
        Self { name, description, price, quantity, category: category_id }
    }
}

/// The list of categories, by its cursors.
pub const CATEGORIES: List = List(b'c');
/// The list of products, by its cursors.
pub const PRODUCTS: List = List(b'r');

impl Listed for Category {
    const LIST: List = CATEGORIES;
}

impl Listed for Product {
    const LIST: List = PRODUCTS;
}

/// Which products.
#[derive(Input)]
pub struct ProductList {
    /// Only products of this category.
    category_id: Option<CategoryId>,
    /// Only products whose name holds this, in any letter case.
    #[input(length = 0..=200)]
    search: Option<String>,
}

impl From<ProductList> for ProductFilter {
    fn from(ProductList { category_id, search }: ProductList) -> Self {
        Self { category: category_id, search }
    }
}

/// Categories
#[utoipa::path(get, path = "/categories", tag = "catalog")]
pub async fn list_categories(
    State(catalog): State<Catalog>,
    Paged { page, here, .. }: Paged<Category>,
) -> Result<Listing<Category>, Refused> {
    Ok(here.listing(catalog.categories(page).await?))
}

/// A category
#[utoipa::path(get, path = "/categories/{id}", tag = "catalog")]
pub async fn read_category(
    State(catalog): State<Catalog>,
    Path(id): Path<CategoryId>,
) -> Result<Json<Category>, Refused<NoCategory>> {
    Ok(Json(catalog.category(id).await?.into()))
}

/// Add a category
#[utoipa::path(post, path = "/categories", tag = "catalog")]
pub async fn create_category(
    _: CurrentUser<scope::CatalogWrite>,
    State(catalog): State<Catalog>,
    Body(CategoryWrite { name }): Body<CategoryWrite>,
) -> Result<Created<Category>, Refused> {
    Ok(Created(catalog.create_category(&name).await?.into()))
}

/// Rename a category
#[utoipa::path(put, path = "/categories/{id}", tag = "catalog")]
pub async fn replace_category(
    _: CurrentUser<scope::CatalogWrite>,
    State(catalog): State<Catalog>,
    Both(Path(id), Body(CategoryWrite { name })): Both<Path<CategoryId>, Body<CategoryWrite>>,
) -> Result<Json<Category>, Refused<NoCategory>> {
    Ok(Json(catalog.rename_category(id, name).await?.into()))
}

/// Delete a category without products
#[utoipa::path(delete, path = "/categories/{id}", tag = "catalog")]
pub async fn delete_category(
    _: CurrentUser<scope::CatalogWrite>,
    State(catalog): State<Catalog>,
    Path(id): Path<CategoryId>,
) -> Result<NoContent, Refused<(NoCategory, CategoryInUse)>> {
    catalog.delete_category(id).await?;
    Ok(NoContent)
}

/// Products
#[utoipa::path(get, path = "/products", tag = "catalog")]
pub async fn list_products(
    State(catalog): State<Catalog>,
    Paged { page, filter, here }: Paged<Product, ProductList>,
) -> Result<Listing<Product>, Refused> {
    Ok(here.listing(catalog.products(&filter.into(), page).await?))
}

/// A product
#[utoipa::path(get, path = "/products/{id}", tag = "catalog")]
pub async fn read_product(
    State(catalog): State<Catalog>,
    Path(id): Path<ProductId>,
) -> Result<Json<Product>, Refused<NoProduct>> {
    Ok(Json(catalog.product(id).await?.into()))
}

/// Add a product
#[utoipa::path(post, path = "/products", tag = "catalog")]
pub async fn create_product(
    _: CurrentUser<scope::CatalogWrite>,
    State(catalog): State<Catalog>,
    Body(spec): Body<ProductWrite>,
) -> Result<Created<Product>, Refused<InvalidCategory>> {
    Ok(Created(catalog.create_product(&spec.into()).await?.into()))
}

/// Replace a product
#[utoipa::path(put, path = "/products/{id}", tag = "catalog")]
pub async fn replace_product(
    _: CurrentUser<scope::CatalogWrite>,
    State(catalog): State<Catalog>,
    Both(Path(id), Body(spec)): Both<Path<ProductId>, Body<ProductWrite>>,
) -> Result<Json<Product>, Refused<(InvalidCategory, NoProduct)>> {
    Ok(Json(catalog.replace_product(id, &spec.into()).await?.into()))
}

/// Delete a product, from carts too; orders stay as they were
#[utoipa::path(delete, path = "/products/{id}", tag = "catalog")]
pub async fn delete_product(
    _: CurrentUser<scope::CatalogWrite>,
    State(catalog): State<Catalog>,
    Path(id): Path<ProductId>,
) -> Result<NoContent, Refused<NoProduct>> {
    catalog.delete_product(id).await?;
    Ok(NoContent)
}
