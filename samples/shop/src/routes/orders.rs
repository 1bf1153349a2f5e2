//! Orders.

use axum::Json;
use axum::extract::State;
use keyward_api::access::current_user::CurrentUser;
use keyward_api::access::scope::Admin;
use keyward_api::answers::refused::Refused;
use keyward_api::answers::success::Created;
use keyward_api::extract::{Body, Both, Fields, Input, List, Listed, Listing, Paged, Path, read};
use keyward_api::fault::Flaw;
use keyward_api::routes::rfc3339::rfc3339;
use serde::Serialize;
use serde_json::{Number, json};
use utoipa::ToSchema;

use super::amount::amount;
use super::idempotency::Idempotency;
use super::scope;
use crate::domain::ids::OrderId;
use crate::domain::order::{self, Address, OrderStatus};
use crate::domain::order_error::{EmptyCart, ImpossibleStatus, KeyReused, NoOrder, SoldOut};
use crate::domain::orders::Orders;

/// An order, at the prices of its day.
#[derive(Serialize, ToSchema)]
pub struct Order {
    #[schema(example = 1)]
    id: i64,
    #[schema(format = DateTime, example = "2026-01-31T12:00:00Z")]
    order_date: String,
    #[schema(value_type = f64, example = 79.8)]
    order_amount: Number,
    #[schema(value_type = StatusName, example = "PROCESSING")]
    order_status: &'static str,
    #[schema(example = "1 Main Street, Springfield")]
    shipping_address: String,
    order_details: Vec<OrderDetail>,
}

/// How far an order is.
#[derive(ToSchema)]
#[schema(as = OrderStatus, rename_all = "UPPERCASE")]
#[expect(dead_code, reason = "documents the names of `OrderStatus`")]
enum StatusName {
    Processing,
    Shipped,
    Cancelled,
}

/// A line of an order.
#[derive(Serialize, ToSchema)]
pub struct OrderDetail {
    #[schema(example = 1)]
    product_id: i64,
    name: String,
    /// What a piece cost that day.
    #[schema(value_type = f64, example = 39.9)]
    price: Number,
    #[schema(example = 2)]
    quantity: u32,
}

impl From<order::Order> for Order {
    fn from(order: order::Order) -> Self {
        let detail = |line: order::Line| OrderDetail {
            product_id: line.product.0,
            name: line.name.to_string(),
            price: amount(line.price),
            quantity: line.quantity,
        };
        Self {
            id: order.id.0,
            order_date: rfc3339(order.placed_at),
            order_amount: amount(order.amount),
            order_status: order.status.as_str(),
            shipping_address: order.address.to_string(),
            order_details: order.lines.into_iter().map(detail).collect(),
        }
    }
}

/// Where the order goes.
#[derive(ToSchema)]
#[schema(example = json!({ "shipping_address": "1 Main Street, Springfield" }))]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct OrderCreate {
    #[schema(min_length = 1, max_length = 1000)]
    shipping_address: String,
}

impl Input for OrderCreate {
    type Value = Address;

    fn read(fields: &mut Fields<'_>) -> Option<Address> {
        fields.required("shipping_address", read::text)
    }
}

/// How far an order shall be.
#[derive(ToSchema)]
#[schema(example = json!({ "order_status": "SHIPPED" }))]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct OrderUpdate {
    /// `SHIPPED` or `CANCELLED`.
    #[schema(value_type = StatusName)]
    order_status: String,
}

impl Input for OrderUpdate {
    type Value = OrderStatus;

    fn read(fields: &mut Fields<'_>) -> Option<OrderStatus> {
        let words = "'PROCESSING', 'SHIPPED' or 'CANCELLED'";
        fields.required("order_status", |value| {
            let flaw = || {
                Flaw::with_ctx(
                    "literal_error",
                    format!("Input should be {words}"),
                    json!({ "expected": words }),
                )
            };
            value.as_str().and_then(OrderStatus::from_name).ok_or_else(flaw)
        })
    }
}

/// The list of orders, by its cursors.
pub const ORDERS: List = List(b'o');

impl Listed for Order {
    const LIST: List = ORDERS;
}

/// Order what is in my cart
///
/// Takes the stock, keeps names and prices, empties the cart: all or nothing. With the same `Idempotency-Key` the same
/// order is answered again.
#[utoipa::path(post, path = "/orders", tag = "orders")]
pub async fn create_order(
    user: CurrentUser<scope::Shop>,
    State(orders): State<Orders>,
    Both(Idempotency(key), Body(address)): Both<Idempotency, Body<OrderCreate>>,
) -> Result<Created<Order>, Refused<(EmptyCart, SoldOut, KeyReused)>> {
    Ok(Created(orders.place(user.who, address, key).await?.into()))
}

/// My orders
#[utoipa::path(get, path = "/orders", tag = "orders")]
pub async fn list_orders(
    user: CurrentUser<scope::Shop>,
    State(orders): State<Orders>,
    Paged { page, here, .. }: Paged<Order>,
) -> Result<Listing<Order>, Refused> {
    Ok(here.listing(orders.list(Some(user.who), page).await?))
}

/// An order of mine
#[utoipa::path(get, path = "/orders/{id}", tag = "orders")]
pub async fn read_order(
    user: CurrentUser<scope::Shop>,
    State(orders): State<Orders>,
    Path(id): Path<OrderId>,
) -> Result<Json<Order>, Refused<NoOrder>> {
    Ok(Json(orders.find(user.who, id).await?.into()))
}

/// Ship an order, or call it off and put its pieces back
#[utoipa::path(patch, path = "/orders/{id}", tag = "orders")]
pub async fn update_order(
    _: CurrentUser<Admin>,
    State(orders): State<Orders>,
    Both(Path(id), Body(status)): Both<Path<OrderId>, Body<OrderUpdate>>,
) -> Result<Json<Order>, Refused<(NoOrder, ImpossibleStatus)>> {
    Ok(Json(orders.advance(id, status).await?.into()))
}

/// Everybody's orders
#[utoipa::path(get, path = "/orders/all", tag = "orders")]
pub async fn list_all_orders(
    _: CurrentUser<Admin>,
    State(orders): State<Orders>,
    Paged { page, here, .. }: Paged<Order>,
) -> Result<Listing<Order>, Refused> {
    Ok(here.listing(orders.list(None, page).await?))
}
