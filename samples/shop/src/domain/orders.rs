//! Placing orders and moving them on.

use std::sync::Arc;

use keyward_auth::SecretHash;
use keyward_domain::limits::writes::WriteLimit;
use keyward_domain::mail::postbox::Postbox;
use keyward_domain::model::mail::Lane;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::bundle::Ports;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::{Page, Slice};

use super::ids::{OrderId, ProductId};
use super::letters::ShopLetters;
use super::money::Money;
use super::order::{
    Address, IdempotencyKey, Line, MOST_ORDERS, MOST_UNDER_WAY, NewOrder, Order, OrderStatus,
};
use super::order_error::OrderError;
use super::store::{ShopStore, ShopTransaction};

/// The use cases of orders.
#[derive(Clone)]
pub struct Orders {
    ports: Ports,
    store: Arc<dyn ShopStore>,
    postbox: Postbox,
    letters: Arc<dyn ShopLetters>,
    writes: WriteLimit,
}

impl Orders {
    /// Use cases over these ports.
    pub fn new(
        ports: Ports,
        store: Arc<dyn ShopStore>,
        postbox: Postbox,
        letters: Arc<dyn ShopLetters>,
        writes: WriteLimit,
    ) -> Self {
        Self { ports, store, postbox, letters, writes }
    }

    /// Orders what is in the user's cart: takes the stock, keeps names and prices, empties the cart, and writes the
    /// confirmation; all or nothing.
    ///
    /// The same `key` with the same address gives the same order again. An attempt that fails leaves no trace.
    pub async fn place(
        &self,
        user: UserId,
        address: Address,
        key: Option<IdempotencyKey>,
    ) -> Result<Order, OrderError> {
        self.writes.spend(user, self.ports.clock.now())?;
        self.ports.retrying(|| self.try_to_place(user, &address, key.as_ref())).await
    }

    async fn try_to_place(
        &self,
        user: UserId,
        address: &Address,
        key: Option<&IdempotencyKey>,
    ) -> Result<Order, OrderError> {
        let digest = SecretHash::of(address.as_str());
        let mut tx = self.store.begin().await?;
        // Emptying the cart comes first: of two clicks at once the second waits here, and then finds what the first did.
        let wanted = tx.carts().empty(user).await?;
        if let Some(key) = key
            && let Some((id, asked)) = tx.orders().find_by_key(user, key).await?
        {
            return if asked == digest { found(&mut *tx, id).await } else { Err(OrderError::KeyReused) };
        }
        if wanted.is_empty() {
            return Err(OrderError::EmptyCart);
        }
        if tx.orders().count_of(user, Some(OrderStatus::Processing)).await? >= MOST_UNDER_WAY
            || tx.orders().count_of(user, None).await? >= MOST_ORDERS
        {
            return Err(OrderError::Full);
        }
        let (mut lines, mut amount) = (Vec::new(), Money::default());
        for (product, quantity) in wanted {
            let line = take(&mut *tx, product, quantity).await?;
            let subtotal = line.price.times(quantity).ok_or(OrderError::TooLarge)?;
            amount = amount.plus(subtotal).ok_or(OrderError::TooLarge)?;
            lines.push(line);
        }
        let placed_at = self.ports.clock.now();
        let (address, key) = (address.clone(), key.map(|key| (key.clone(), digest)));
        let new = NewOrder { user, placed_at, amount, address, lines, key };
        let id = tx.orders().insert(&new).await.map_err(|error| match error {
            // Another order with this key was placed after we looked, from a cart filled anew: the next look finds it.
            StoreError::Taken => StoreError::Contended(Box::new(error)),
            other => other,
        })?;
        let order = found(&mut *tx, id).await?;
        self.confirm(&mut *tx, &order).await?;
        tx.commit().await?;
        Ok(order)
    }

    /// Puts the confirmation into the outbox.
    async fn confirm(&self, tx: &mut dyn ShopTransaction, order: &Order) -> Result<(), OrderError> {
        let Some(user) = tx.users().find(order.user).await? else { return Ok(()) };
        let letter = self.letters.order_confirmation((&user).into(), order)?;
        self.postbox.post(tx, &self.ports, Lane::Other, user.email, letter).await?;
        Ok(())
    }

    /// An order of the user's own.
    pub async fn find(&self, user: UserId, id: OrderId) -> Result<Order, OrderError> {
        let found = self.store.orders().find(id).await?;
        found.filter(|order| order.user == user).ok_or(OrderError::NotFound(id))
    }

    /// One page of a user's orders, or of everybody's.
    pub async fn list(&self, user: Option<UserId>, page: Page) -> Result<Slice<Order>, OrderError> {
        let mut orders = if user.is_some() { self.store.orders() } else { self.store.orders_replica() };
        Ok(orders.list(user, page).await?)
    }

    /// Moves anybody's order on. Calling one off puts its pieces back.
    pub async fn advance(&self, id: OrderId, to: OrderStatus) -> Result<Order, OrderError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.store.begin().await?;
                let order = found(&mut *tx, id).await?;
                let from = order.status;
                if !from.may_become(to) || !tx.orders().advance(id, from, to).await? {
                    return Err(OrderError::NoWay { from, to });
                }
                if to == OrderStatus::Cancelled {
                    for line in &order.lines {
                        tx.catalog().put_back(line.product, line.quantity).await?;
                    }
                }
                tx.commit().await?;
                Ok(Order { status: to, ..order })
            })
            .await
    }
}

async fn found(tx: &mut dyn ShopTransaction, id: OrderId) -> Result<Order, OrderError> {
    tx.orders().find(id).await?.ok_or(OrderError::NotFound(id))
}

/// Takes pieces off the stock and says what they cost at that moment.
async fn take(tx: &mut dyn ShopTransaction, product: ProductId, quantity: u32) -> Result<Line, OrderError> {
    if !tx.catalog().take(product, quantity).await? {
        return Err(OrderError::OutOfStock);
    }
    let found = tx.catalog().find_product(product).await?.ok_or(OrderError::OutOfStock)?;
    Ok(Line { product, name: found.name, price: found.price, quantity })
}
