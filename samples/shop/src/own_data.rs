//! An account's cart and orders in the file that its owner downloads.

use std::sync::Arc;

use async_trait::async_trait;
use keyward_api::foundation::Core;
use keyward_api::resources::own_data::item;
use keyward_domain::identity::own_data::{OwnDataSource, OwnPage};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::{MAX_LIMIT, Page, Slice};

use crate::domain::carts::{CartError, Carts};
use crate::domain::order_error::OrderError;
use crate::domain::orders::Orders;
use crate::routes::{cart, orders as wire};
use crate::wiring;

struct OwnCart(Carts);

/// Reads an account's cart, which is one page.
pub(crate) fn cart(core: &Core) -> Arc<dyn OwnDataSource> {
    Arc::new(OwnCart(wiring::shop(core).carts))
}

#[async_trait]
impl OwnDataSource for OwnCart {
    async fn page(&self, user: UserId, _: Option<String>) -> Result<OwnPage, StoreError> {
        let cart = self.0.cart(user).await.map_err(|error| match error {
            CartError::Store(error) => error,
            other => StoreError::Internal(Box::new(other)),
        })?;
        let items = cart.items.into_iter().map(|line| item(&cart::CartItem::from(line)));
        Ok(Slice { items: items.collect::<Result<_, _>>()?, next: None })
    }
}

struct OwnOrders(Orders);

/// Reads an account's orders.
pub(crate) fn orders(core: &Core) -> Arc<dyn OwnDataSource> {
    Arc::new(OwnOrders(wiring::shop(core).orders))
}

#[async_trait]
impl OwnDataSource for OwnOrders {
    async fn page(&self, user: UserId, after: Option<String>) -> Result<OwnPage, StoreError> {
        let page = Page { limit: MAX_LIMIT, after: after.and_then(|after| after.parse().ok()) };
        let orders = self.0.list(Some(user), page).await.map_err(|error| match error {
            OrderError::Store(error) => error,
            other => StoreError::Internal(Box::new(other)),
        })?;
        let Slice { items, next } = orders.try_map(|order| item(&wire::Order::from(order)))?;
        Ok(Slice { items, next: next.map(|next| next.to_string()) })
    }
}
