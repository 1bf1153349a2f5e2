//! Orders.

use std::collections::{BTreeMap, HashMap};

use crate::domain::ids::OrderId;
use crate::domain::ids::ProductId;
use crate::domain::money::Money;
use crate::domain::order::{
    Address, IdempotencyKey, LINE_BYTES, Line, NewOrder, Order, OrderRepository, OrderStatus,
};
use crate::domain::product::Label;
use async_trait::async_trait;
use keyward_auth::SecretHash;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::{PAGE_BYTES, Page, Slice};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::catalog::pieces;
use super::entity::order_lines;
use super::entity::orders::{ActiveModel, Column, Entity, Model};
use keyward_infra::database::columns::{micros, octets, time};
use keyward_infra::database::connections::Connections;
use keyward_infra::database::db::Db;
use keyward_infra::database::error::{corrupt, failed};
use keyward_infra::identity::deleted::deleted;

/// How many orders one statement names: databases bound the number of parameters.
const ORDERS: usize = 1000;

#[async_trait]
impl<C: Connections> OrderRepository for Db<C> {
    async fn insert(&mut self, order: &NewOrder) -> Result<OrderId, StoreError> {
        let (key, digest) =
            order.key.as_ref().map(|(key, digest)| (key.to_string(), digest.as_bytes().to_vec())).unzip();
        let row = ActiveModel {
            id: ActiveValue::NotSet,
            user_id: ActiveValue::Set(order.user.0),
            placed_at: ActiveValue::Set(micros(order.placed_at)),
            amount: ActiveValue::Set(order.amount.minor()),
            status: ActiveValue::Set(OrderStatus::Processing.as_str().to_owned()),
            address: ActiveValue::Set(order.address.to_string()),
            idempotency_key: ActiveValue::Set(key),
            request_digest: ActiveValue::Set(digest),
        };
        let id = Entity::insert(row).exec(self.write()).await.map_err(failed)?.last_insert_id;
        let lines = (0_i64..).zip(&order.lines).map(|(position, line)| order_lines::ActiveModel {
            order_id: ActiveValue::Set(id),
            position: ActiveValue::Set(position),
            product_id: ActiveValue::Set(line.product.0),
            name: ActiveValue::Set(line.name.to_string()),
            price: ActiveValue::Set(line.price.minor()),
            quantity: ActiveValue::Set(line.quantity.into()),
        });
        let written = order_lines::Entity::insert_many(lines).exec_without_returning(self.write()).await;
        written.map(|_| OrderId(id)).map_err(failed)
    }

    async fn find(&mut self, id: OrderId) -> Result<Option<Order>, StoreError> {
        let shown = Entity::find_by_id(id.0).filter(Column::UserId.not_in_subquery(deleted()));
        let row = shown.all(self.read()).await.map_err(failed)?;
        Ok(with_lines(self, row).await?.pop())
    }

    async fn find_by_key(
        &mut self,
        user: UserId,
        key: &IdempotencyKey,
    ) -> Result<Option<(OrderId, SecretHash)>, StoreError> {
        let row = Entity::find()
            .filter(Column::UserId.eq(user.0))
            .filter(Column::IdempotencyKey.eq(key.as_str()))
            .one(self.read())
            .await
            .map_err(failed)?;
        let Some(row) = row else { return Ok(None) };
        let digest = row.request_digest.and_then(|digest| digest.try_into().ok());
        let digest = digest.ok_or_else(|| corrupt("a digest of another length"))?;
        Ok(Some((OrderId(row.id), SecretHash::from_bytes(digest))))
    }

    async fn list(&mut self, user: Option<UserId>, page: Page) -> Result<Slice<Order>, StoreError> {
        let mut rows = Entity::find().order_by_asc(Column::Id).limit(page.fetch());
        rows = match user {
            Some(user) => rows.filter(Column::UserId.eq(user.0)),
            // Those of deleted accounts are still being removed.
            None => rows.filter(Column::UserId.not_in_subquery(deleted())),
        };
        if let Some(after) = page.after {
            rows = rows.filter(Column::Id.gt(after));
        }
        let rows = Slice::cut(rows.all(self.read()).await.map_err(failed)?, page, |row| row.id);
        let bytes = bytes_of_lines(self, &rows.items).await?;
        let weight = |row: &Model| bytes.get(&row.id).copied().unwrap_or_default();
        let Slice { items, next } = rows.weighing(PAGE_BYTES, weight, |row| row.id);
        let page = Slice { items: with_lines(self, items).await?, next };
        // In JSON they have more bytes than in the database.
        Ok(page.weighing(PAGE_BYTES, Order::json_bytes, |order| order.id.0))
    }

    async fn advance(&mut self, id: OrderId, from: OrderStatus, to: OrderStatus) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::Status, Expr::value(to.as_str()))
            .filter(Column::Id.eq(id.0))
            .filter(Column::Status.eq(from.as_str()));
        Ok(update.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn count_of(&mut self, user: UserId, status: Option<OrderStatus>) -> Result<u64, StoreError> {
        let mut orders = Entity::find().filter(Column::UserId.eq(user.0));
        if let Some(status) = status {
            orders = orders.filter(Column::Status.eq(status.as_str()));
        }
        orders.count(self.read()).await.map_err(failed)
    }

    async fn call_off(&mut self, user: UserId) -> Result<Vec<(ProductId, u32)>, StoreError> {
        let called_off = Entity::update_many()
            .col_expr(Column::Status, Expr::value(OrderStatus::Cancelled.as_str()))
            .filter(Column::UserId.eq(user.0))
            .filter(Column::Status.eq(OrderStatus::Processing.as_str()))
            .exec_with_returning(self.write());
        let orders: Vec<i64> = called_off.await.map_err(failed)?.into_iter().map(|row| row.id).collect();
        let mut sums = BTreeMap::new();
        for orders in orders.chunks(ORDERS) {
            let lines = order_lines::Entity::find()
                .select_only()
                .column(order_lines::Column::ProductId)
                .expr(Expr::col(order_lines::Column::Quantity).sum().cast_as("bigint"))
                .filter(order_lines::Column::OrderId.is_in(orders.iter().copied()))
                .group_by(order_lines::Column::ProductId);
            let some: Vec<(i64, i64)> = lines.into_tuple().all(self.write()).await.map_err(failed)?;
            for (product, sum) in some {
                *sums.entry(product).or_insert(0) += sum;
            }
        }
        sums.into_iter().map(|(product, sum)| Ok((ProductId(product), pieces(sum)?))).collect()
    }

    async fn give_up(&mut self, user: UserId, to: UserId) -> Result<(), StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::UserId, Expr::value(to.0))
            .col_expr(Column::Address, Expr::value(""))
            .col_expr(Column::IdempotencyKey, Expr::value(None::<String>))
            .col_expr(Column::RequestDigest, Expr::value(None::<Vec<u8>>))
            .filter(Column::UserId.eq(user.0))
            .filter(Column::Status.eq(OrderStatus::Shipped.as_str()));
        update.exec(self.write()).await.map(drop).map_err(failed)
    }
}

/// About how many bytes the lines of these orders have, by order.
async fn bytes_of_lines<C: Connections>(
    db: &Db<C>,
    orders: &[Model],
) -> Result<HashMap<i64, u64>, StoreError> {
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    let line = octets(order_lines::Column::Name).add(LINE_BYTES.cast_signed());
    let lines = order_lines::Entity::find()
        .select_only()
        .column(order_lines::Column::OrderId)
        .expr(line.sum().cast_as("bigint"))
        .filter(order_lines::Column::OrderId.is_in(orders.iter().map(|order| order.id)))
        .group_by(order_lines::Column::OrderId);
    let sums: Vec<(i64, i64)> = lines.into_tuple().all(db.read()).await.map_err(failed)?;
    Ok(sums.into_iter().map(|(order, bytes)| (order, bytes.unsigned_abs())).collect())
}

/// The orders with their lines, which one query fetches for all of them.
async fn with_lines<C: Connections>(db: &Db<C>, rows: Vec<Model>) -> Result<Vec<Order>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let lines = order_lines::Entity::find()
        .filter(order_lines::Column::OrderId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(order_lines::Column::OrderId)
        .order_by_asc(order_lines::Column::Position);
    let lines = lines.all(db.read()).await.map_err(failed)?;
    rows.into_iter()
        .map(|row| {
            let own = lines.iter().filter(|line| line.order_id == row.id).map(line);
            order(row.clone(), own.collect::<Result<_, _>>()?)
        })
        .collect()
}

fn line(row: &order_lines::Model) -> Result<Line, StoreError> {
    Ok(Line {
        product: ProductId(row.product_id),
        name: Label::from_stored(row.name.clone()),
        price: Money::from_minor(row.price),
        quantity: pieces(row.quantity)?,
    })
}

fn order(row: Model, lines: Vec<Line>) -> Result<Order, StoreError> {
    Ok(Order {
        id: OrderId(row.id),
        user: UserId(row.user_id),
        placed_at: time(row.placed_at)?,
        amount: Money::from_minor(row.amount),
        status: OrderStatus::from_name(&row.status)
            .ok_or_else(|| corrupt(format!("status {:?}", row.status)))?,
        address: Address::from_stored(row.address),
        lines,
    })
}
