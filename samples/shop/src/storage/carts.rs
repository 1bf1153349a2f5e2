//! Carts.

use crate::domain::cart::{CartRepository, Item};
use crate::domain::ids::ItemId;
use crate::domain::ids::ProductId;
use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::PAGE_BYTES;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue, ColumnTrait, EntityTrait, FromQueryResult, JoinType, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, RelationTrait, Select,
};

use super::catalog::{ProductRow, pieces, product};
use super::entity::cart_items::{ActiveModel, Column, Entity, Relation};
use super::entity::{categories, products};
use keyward_infra::database::columns::octets;
use keyward_infra::database::connections::Connections;
use keyward_infra::database::db::Db;
use keyward_infra::database::error::failed;

/// A line with its product.
#[derive(FromQueryResult)]
struct ItemRow {
    item_id: i64,
    item_quantity: i64,
    #[sea_orm(nested)]
    product: ProductRow,
}

#[async_trait]
impl<C: Connections> CartRepository for Db<C> {
    async fn items(&mut self, user: UserId) -> Result<Vec<Item>, StoreError> {
        // Both databases know the length of a description without reading it.
        let sizes = lines(user)
            .column(Column::Id)
            .expr(octets((products::Entity, products::Column::Description)))
            .order_by_asc(Column::Id);
        let sizes: Vec<(i64, i64)> = sizes.into_tuple().all(self.read()).await.map_err(failed)?;
        let mut bytes = 0;
        let whole = sizes.into_iter().take_while(|(_, size)| {
            bytes += size.unsigned_abs();
            bytes <= PAGE_BYTES
        });
        let whole = whole.last().map_or(0, |(id, _)| id);
        let rows = of(user, whole).order_by_asc(Column::Id).into_model::<ItemRow>();
        rows.all(self.read()).await.map_err(failed)?.into_iter().map(item).collect()
    }

    async fn find(&mut self, user: UserId, id: ItemId) -> Result<Option<Item>, StoreError> {
        let row = of(user, id.0).filter(Column::Id.eq(id.0)).into_model::<ItemRow>();
        row.one(self.read()).await.map_err(failed)?.map(item).transpose()
    }

    async fn add(
        &mut self,
        user: UserId,
        product: ProductId,
        quantity: u32,
        most: u32,
    ) -> Result<Option<ItemId>, StoreError> {
        let (quantity, most) = (i64::from(quantity), i64::from(most));
        if quantity > most {
            return Ok(None);
        }
        let row = ActiveModel {
            id: ActiveValue::NotSet,
            user_id: ActiveValue::Set(user.0),
            product_id: ActiveValue::Set(product.0),
            quantity: ActiveValue::Set(quantity),
        };
        let sum = || Expr::col((Entity, Column::Quantity)).add(quantity);
        let mut same = OnConflict::columns([Column::UserId, Column::ProductId]);
        same.value(Column::Quantity, sum()).action_and_where(sum().lte(most));
        let written = Entity::insert(row).on_conflict(same).exec_without_returning(self.write()).await;
        if written.map_err(failed)? == 0 {
            return Ok(None);
        }
        let line = Entity::find().filter(Column::UserId.eq(user.0)).filter(Column::ProductId.eq(product.0));
        Ok(line.one(self.write()).await.map_err(failed)?.map(|row| ItemId(row.id)))
    }

    async fn count(&mut self, user: UserId) -> Result<u64, StoreError> {
        let lines = Entity::find().filter(Column::UserId.eq(user.0));
        lines.count(self.write()).await.map_err(failed)
    }

    async fn set(&mut self, user: UserId, id: ItemId, quantity: u32) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::Quantity, Expr::value(i64::from(quantity)))
            .filter(Column::Id.eq(id.0))
            .filter(Column::UserId.eq(user.0));
        Ok(update.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn remove(&mut self, user: UserId, id: ItemId) -> Result<bool, StoreError> {
        let own = Entity::delete_many().filter(Column::Id.eq(id.0)).filter(Column::UserId.eq(user.0));
        Ok(own.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn empty(&mut self, user: UserId) -> Result<Vec<(ProductId, u32)>, StoreError> {
        let all = Entity::delete_many().filter(Column::UserId.eq(user.0));
        let mut rows = all.exec_with_returning(self.write()).await.map_err(failed)?;
        rows.sort_by_key(|row| row.product_id);
        rows.into_iter().map(|row| Ok((ProductId(row.product_id), pieces(row.quantity)?))).collect()
    }
}

/// The lines of a user, with their products, of which nothing is selected yet.
fn lines(user: UserId) -> Select<Entity> {
    Entity::find()
        .select_only()
        .join(JoinType::InnerJoin, Relation::Product.def())
        .filter(Column::UserId.eq(user.0))
}

/// The lines of a user, with their products and those's categories; without descriptions beyond the line `whole`.
fn of(user: UserId, whole: i64) -> Select<Entity> {
    let description = Expr::col((products::Entity, products::Column::Description));
    let description = Expr::case(Column::Id.lte(whole), description).finally("");
    lines(user)
        .column_as(Column::Id, "item_id")
        .column_as(Column::Quantity, "item_quantity")
        .columns([
            products::Column::Id,
            products::Column::CategoryId,
            products::Column::Name,
            products::Column::NameFolded,
            products::Column::Price,
            products::Column::Quantity,
        ])
        .expr_as(description, "description")
        .column_as(categories::Column::Name, "category_name")
        .join(JoinType::InnerJoin, products::Relation::Category.def())
}

fn item(row: ItemRow) -> Result<Item, StoreError> {
    Ok(Item { id: ItemId(row.item_id), quantity: pieces(row.item_quantity)?, product: product(row.product)? })
}
