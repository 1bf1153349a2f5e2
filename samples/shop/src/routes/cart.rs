//! One's cart.

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use keyward_api::access::current_user::CurrentUser;
use keyward_api::answers::refused::Refused;
use keyward_api::answers::success::Created;
use keyward_web::{Body, Both, Input, Path};
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use super::amount::amount;
use super::catalog::Product;
use super::scope;
use crate::domain::cart::{self, MAX_QUANTITY};
use crate::domain::carts::{CartFull, Carts, NoLine, NoProductToAdd, OutOfStock, TooManyPieces};
use crate::domain::ids::{ItemId, ProductId};

/// A line of a cart.
#[derive(Serialize, ToSchema)]
pub struct CartItem {
    #[schema(example = 1)]
    id: i64,
    product: Product,
    #[schema(example = 2)]
    quantity: u32,
    /// What the line costs today.
    #[schema(value_type = f64, example = 79.8)]
    subtotal: Number,
}

/// A cart.
#[derive(Serialize, ToSchema)]
pub struct Cart {
    items: Vec<CartItem>,
    /// What everything costs today.
    #[schema(value_type = f64, example = 79.8)]
    total: Number,
}

impl From<cart::Item> for CartItem {
    fn from(item: cart::Item) -> Self {
        let subtotal = amount(item.subtotal());
        Self { id: item.id.0, product: item.product.into(), quantity: item.quantity, subtotal }
    }
}

impl From<cart::Cart> for Cart {
    fn from(cart: cart::Cart) -> Self {
        let total = amount(cart.total());
        Self { items: cart.items.into_iter().map(CartItem::from).collect(), total }
    }
}

/// What to put into the cart.
#[derive(Input)]
#[input(example = json!({ "product_id": 1, "quantity": 2 }))]
pub struct CartItemAdd {
    product_id: ProductId,
    #[input(range = 1..=MAX_QUANTITY, default = 1)]
    quantity: u32,
}

/// How many pieces.
#[derive(Input)]
#[input(example = json!({ "quantity": 3 }))]
pub struct CartItemUpdate {
    #[input(range = 1..=MAX_QUANTITY)]
    quantity: u32,
}

/// My cart
///
/// Where the products would exceed a megabyte, they come without their descriptions from there on.
#[utoipa::path(get, path = "/cart", tag = "cart")]
pub async fn read_cart(
    user: CurrentUser<scope::Shop>,
    State(carts): State<Carts>,
) -> Result<Json<Cart>, Refused> {
    Ok(Json(carts.cart(user.who).await?.into()))
}

/// Put a product into my cart; the same product twice is one line
#[utoipa::path(post, path = "/cart/items", tag = "cart")]
pub async fn add_to_cart(
    user: CurrentUser<scope::Shop>,
    State(carts): State<Carts>,
    Body(CartItemAdd { product_id, quantity }): Body<CartItemAdd>,
) -> Result<Created<CartItem>, Refused<(NoProductToAdd, OutOfStock, TooManyPieces, CartFull)>> {
    Ok(Created(carts.add(user.who, product_id, quantity).await?.into()))
}

/// Set how many pieces I want
#[utoipa::path(patch, path = "/cart/items/{id}", tag = "cart")]
pub async fn update_cart_item(
    user: CurrentUser<scope::Shop>,
    State(carts): State<Carts>,
    Both(Path(id), Body(CartItemUpdate { quantity })): Both<Path<ItemId>, Body<CartItemUpdate>>,
) -> Result<Json<CartItem>, Refused<(NoLine, OutOfStock)>> {
    Ok(Json(carts.set(user.who, id, quantity).await?.into()))
}

/// Take a line out of my cart
#[utoipa::path(delete, path = "/cart/items/{id}", tag = "cart")]
pub async fn remove_from_cart(
    user: CurrentUser<scope::Shop>,
    State(carts): State<Carts>,
    Path(id): Path<ItemId>,
) -> Result<NoContent, Refused<NoLine>> {
    carts.remove(user.who, id).await?;
    Ok(NoContent)
}
