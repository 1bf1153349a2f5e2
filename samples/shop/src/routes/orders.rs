//! Orders.

use axum::Json;
use axum::extract::State;
use keyward_api::access::current_user::CurrentUser;
use keyward_api::access::scope::Admin;
use keyward_api::answers::refused::Refused;
use keyward_api::answers::success::Created;
use keyward_api::extract::Paged;
use keyward_api::extract::read::text;
use keyward_api::routes::rfc3339::rfc3339;
use keyward_web::readers::choice;
use keyward_web::{Body, Both, Input, List, Listed, Listing, Path};
use serde::Serialize;
use serde_json::Number;
use utoipa::ToSchema;

use super::amount::amount;
use super::idempotency::Idempotency;
use super::scope;
use crate::domain::ids::OrderId;
use crate::domain::order::{self, Address, OrderStatus};
use crate::domain::order_error::{EmptyCart, ImpossibleStatus, KeyReused, NoOrder, NoRoom, SoldOut, TooFast};
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
#[derive(Input)]
#[input(example = json!({ "shipping_address": "1 Main Street, Springfield" }))]
pub struct OrderCreate {
    #[input(read = text())]
    shipping_address: Address,
}

/// The statuses by their names.
const STATUSES: &[(&str, OrderStatus)] = &[
    ("PROCESSING", OrderStatus::Processing),
    ("SHIPPED", OrderStatus::Shipped),
    ("CANCELLED", OrderStatus::Cancelled),
];

/// How far an order shall be.
#[derive(Input)]
#[input(example = json!({ "order_status": "SHIPPED" }))]
pub struct OrderUpdate {
    /// `SHIPPED` or `CANCELLED`.
    #[input(read = choice(STATUSES).documented::<StatusName>())]
    order_status: OrderStatus,
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
    Both(Idempotency(key), Body(OrderCreate { shipping_address })): Both<Idempotency, Body<OrderCreate>>,
) -> Result<Created<Order>, Refused<(EmptyCart, SoldOut, NoRoom, KeyReused, TooFast)>> {
    Ok(Created(orders.place(user.who, shipping_address, key).await?.into()))
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
    Both(Path(id), Body(OrderUpdate { order_status })): Both<Path<OrderId>, Body<OrderUpdate>>,
) -> Result<Json<Order>, Refused<(NoOrder, ImpossibleStatus)>> {
    Ok(Json(orders.advance(id, order_status).await?.into()))
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
