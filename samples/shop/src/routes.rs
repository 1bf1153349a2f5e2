//! The shop's operations, one line each.

pub mod amount;
pub mod cart;
pub mod catalog;
pub mod idempotency;
pub mod orders;
pub mod scope;

use axum::extract::FromRef;
use keyward_api::resources::routes::Hosted;
use keyward_guard::endpoint;
use keyward_web::IntegerId;
use utoipa_axum::router::OpenApiRouter;

use crate::domain::carts::Carts;
use crate::domain::catalog::Catalog;
use crate::domain::ids::{CategoryId, ItemId, OrderId, ProductId};
use crate::domain::orders::Orders;

/// The use cases that handlers take.
#[derive(Clone)]
pub struct Shop {
    pub catalog: Catalog,
    pub carts: Carts,
    pub orders: Orders,
}

/// Every operation, in the order of the documentation.
pub fn routes() -> OpenApiRouter<Hosted<Shop>> {
    OpenApiRouter::new()
        .routes(endpoint!(catalog::list_categories))
        .routes(endpoint!(catalog::create_category))
        .routes(endpoint!(catalog::read_category))
        .routes(endpoint!(catalog::replace_category))
        .routes(endpoint!(catalog::delete_category))
        .routes(endpoint!(catalog::list_products))
        .routes(endpoint!(catalog::create_product))
        .routes(endpoint!(catalog::read_product))
        .routes(endpoint!(catalog::replace_product))
        .routes(endpoint!(catalog::delete_product))
        .routes(endpoint!(cart::read_cart))
        .routes(endpoint!(cart::add_to_cart))
        .routes(endpoint!(cart::update_cart_item))
        .routes(endpoint!(cart::remove_from_cart))
        .routes(endpoint!(orders::list_orders))
        .routes(endpoint!(orders::create_order))
        .routes(endpoint!(orders::list_all_orders))
        .routes(endpoint!(orders::read_order))
        .routes(endpoint!(orders::update_order))
}

impl FromRef<Hosted<Shop>> for Catalog {
    fn from_ref(state: &Hosted<Shop>) -> Self {
        state.own.catalog.clone()
    }
}

impl FromRef<Hosted<Shop>> for Carts {
    fn from_ref(state: &Hosted<Shop>) -> Self {
        state.own.carts.clone()
    }
}

impl FromRef<Hosted<Shop>> for Orders {
    fn from_ref(state: &Hosted<Shop>) -> Self {
        state.own.orders.clone()
    }
}

impl IntegerId for CategoryId {
    fn from_integer(number: i64) -> Self {
        Self(number)
    }
}

impl IntegerId for ProductId {
    fn from_integer(number: i64) -> Self {
        Self(number)
    }
}

impl IntegerId for ItemId {
    fn from_integer(number: i64) -> Self {
        Self(number)
    }
}

impl IntegerId for OrderId {
    fn from_integer(number: i64) -> Self {
        Self(number)
    }
}
