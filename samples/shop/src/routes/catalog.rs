//! The catalogue: read by anyone, written with `catalog:write`.

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use keyward_api::access::current_user::CurrentUser;
use keyward_api::answers::refused::Refused;
use keyward_api::answers::success::Created;
use keyward_api::extract::{Body, Both, Fields, Input, List, Listed, Listing, Paged, Path, read};
use serde::Serialize;
use serde_json::Number;
use utoipa::{IntoParams, ToSchema};

use super::amount::{amount, money};
use super::scope;
use crate::domain::catalog::{Catalog, CategoryInUse, InvalidCategory, NoCategory, NoProduct};
use crate::domain::ids::{CategoryId, ProductId};
use crate::domain::product::{self, Label, MAX_STOCK, ProductFilter, ProductSpec};

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
#[derive(ToSchema)]
#[schema(example = json!({ "name": "Books" }))]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct CategoryWrite {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
}

impl Input for CategoryWrite {
    type Value = Label;

    fn read(fields: &mut Fields<'_>) -> Option<Label> {
        fields.required("name", read::text)
    }
}

/// What a product shall be.
#[derive(ToSchema)]
#[schema(example = json!({
    "name": "The Rust Programming Language", "description": "A book.", "price": 39.9, "quantity": 12, "category_id": 1
}))]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct ProductWrite {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[schema(max_length = 10_000)]
    description: String,
    /// With at most two decimals.
    #[schema(minimum = 0, maximum = 9_999_999.99)]
    price: f64,
    #[schema(minimum = 0, maximum = 1_000_000)]
    quantity: u32,
    category_id: i64,
}

impl Input for ProductWrite {
    type Value = ProductSpec;

    const MAX_BODY: usize = 256 * 1024;

    fn read(fields: &mut Fields<'_>) -> Option<ProductSpec> {
        let name = fields.required("name", read::text);
        let description = fields.required("description", read::text);
        let price = fields.required("price", money);
        let quantity = fields.required("quantity", |value| read::count(value, 0, MAX_STOCK));
        let category = fields.required("category_id", read::id);
        Some(ProductSpec {
            name: name?,
            description: description?,
            price: price?,
            quantity: quantity?,
            category: CategoryId(category?),
        })
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
#[derive(IntoParams)]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct ProductList {
    /// Only products of this category.
    #[param(nullable = false)]
    category_id: Option<i64>,
    /// Only products whose name holds this, in any letter case.
    #[param(nullable = false, max_length = 200)]
    search: Option<String>,
}

impl Input for ProductList {
    type Value = ProductFilter;

    fn read(fields: &mut Fields<'_>) -> Option<ProductFilter> {
        let category =
            fields.optional("category_id", |value| read::integer(read::string(value)?).map(CategoryId));
        let search =
            fields.optional("search", |value| read::text::<0, 200>(value).map(|text| text.to_string()));
        Some(ProductFilter { category: category?, search: search? })
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
    Body(name): Body<CategoryWrite>,
) -> Result<Created<Category>, Refused> {
    Ok(Created(catalog.create_category(&name).await?.into()))
}

/// Rename a category
#[utoipa::path(put, path = "/categories/{id}", tag = "catalog")]
pub async fn replace_category(
    _: CurrentUser<scope::CatalogWrite>,
    State(catalog): State<Catalog>,
    Both(Path(id), Body(name)): Both<Path<CategoryId>, Body<CategoryWrite>>,
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
    Ok(here.listing(catalog.products(&filter, page).await?))
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
    Ok(Created(catalog.create_product(&spec).await?.into()))
}

/// Replace a product
#[utoipa::path(put, path = "/products/{id}", tag = "catalog")]
pub async fn replace_product(
    _: CurrentUser<scope::CatalogWrite>,
    State(catalog): State<Catalog>,
    Both(Path(id), Body(spec)): Both<Path<ProductId>, Body<ProductWrite>>,
) -> Result<Json<Product>, Refused<(InvalidCategory, NoProduct)>> {
    Ok(Json(catalog.replace_product(id, &spec).await?.into()))
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
