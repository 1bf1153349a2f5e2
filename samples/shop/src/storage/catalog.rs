//! The catalogue.

use crate::domain::ids::{CategoryId, ProductId};
use crate::domain::money::Money;
use crate::domain::product::{
    CatalogRepository, Category, Description, Label, Product, ProductFilter, ProductSpec,
};
use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::page::{PAGE_BYTES, Page, Slice};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType,
    QueryFilter, QueryOrder, QuerySelect, RelationTrait, Select,
};

use super::entity::products::{ActiveModel, Column, Entity, Relation};
use super::entity::{categories, products};
use keyward_infra::database::columns::{fold, octets};
use keyward_infra::database::connections::Connections;
use keyward_infra::database::db::Db;
use keyward_infra::database::error::{corrupt, failed};
use keyward_infra::database::search::{Search, Searched, last_row};

/// A product with the name of its category.
#[derive(FromQueryResult)]
pub(crate) struct ProductRow {
    #[sea_orm(nested)]
    product: products::Model,
    category_name: String,
}

#[async_trait]
impl<C: Connections> CatalogRepository for Db<C> {
    async fn insert_category(&mut self, name: &Label) -> Result<Category, StoreError> {
        let row =
            categories::ActiveModel { id: ActiveValue::NotSet, name: ActiveValue::Set(name.to_string()) };
        let row = categories::Entity::insert(row).exec_with_returning(self.write()).await.map_err(failed)?;
        Ok(category(row))
    }

    async fn find_category(&mut self, id: CategoryId) -> Result<Option<Category>, StoreError> {
        let row = categories::Entity::find_by_id(id.0).one(self.read()).await.map_err(failed)?;
        Ok(row.map(category))
    }

    async fn list_categories(&mut self, page: Page) -> Result<Vec<Category>, StoreError> {
        let mut rows = categories::Entity::find().order_by_asc(categories::Column::Id).limit(page.fetch());
        if let Some(after) = page.after {
            rows = rows.filter(categories::Column::Id.gt(after));
        }
        Ok(rows.all(self.read()).await.map_err(failed)?.into_iter().map(category).collect())
    }

    async fn rename_category(&mut self, id: CategoryId, name: &Label) -> Result<bool, StoreError> {
        let update = categories::Entity::update_many()
            .col_expr(categories::Column::Name, Expr::value(name.to_string()))
            .filter(categories::Column::Id.eq(id.0));
        Ok(update.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn delete_category(&mut self, id: CategoryId) -> Result<bool, StoreError> {
        let done = categories::Entity::delete_by_id(id.0).exec(self.write()).await.map_err(failed)?;
        Ok(done.rows_affected > 0)
    }

    async fn insert_product(&mut self, spec: &ProductSpec) -> Result<ProductId, StoreError> {
        let done = Entity::insert(written(spec)).exec(self.write()).await.map_err(failed)?;
        Ok(ProductId(done.last_insert_id))
    }

    async fn find_product(&mut self, id: ProductId) -> Result<Option<Product>, StoreError> {
        let found = with_categories().filter(Column::Id.eq(id.0)).into_model::<ProductRow>();
        found.one(self.read()).await.map_err(failed)?.map(product).transpose()
    }

    async fn list_products(
        &mut self,
        filter: &ProductFilter,
        page: Page,
    ) -> Result<Slice<Product>, StoreError> {
        let search = Search::parse(filter.search.as_deref(), Label::MAX);
        let condition = match (&search, filter.category) {
            (Search::Nothing, _) => return Ok(Slice::empty()),
            (_, Some(category)) => Condition::all().add(Column::CategoryId.eq(category.0)),
            (_, None) => Condition::all(),
        };
        let backend = self.read().get_database_backend();
        let horizon = PRODUCTS.horizon::<Entity>(backend, condition.clone(), &search, page);
        let horizon = last_row(self.read(), horizon).await?;
        let ids = PRODUCTS.everywhere::<Entity>(backend, condition, &search, page);
        // Both databases know the length of a description without reading it.
        let sizes = Entity::find()
            .select_only()
            .column(Column::Id)
            .expr(octets((Entity, Column::Description)))
            .filter(Column::Id.in_subquery(ids))
            .order_by_asc(Column::Id)
            .limit(page.fetch());
        let sizes: Vec<(i64, i64)> = sizes.into_tuple().all(self.read()).await.map_err(failed)?;
        let Slice { items: sizes, next } = Slice::cut(sizes, page, |(id, _)| *id).weighing(
            PAGE_BYTES,
            |(_, bytes)| bytes.unsigned_abs(),
            |(id, _)| *id,
        );
        let next = next.or(horizon);
        if sizes.is_empty() {
            return Ok(Slice { items: Vec::new(), next });
        }
        let rows = with_categories()
            .filter(Column::Id.is_in(sizes.into_iter().map(|(id, _)| id)))
            .order_by_asc(Column::Id)
            .into_model::<ProductRow>();
        let rows = rows.all(self.read()).await.map_err(failed)?;
        let page = Slice { items: rows, next }.try_map(product)?;
        // In JSON they have more bytes than in the database.
        Ok(page.weighing(PAGE_BYTES, Product::json_bytes, |product| product.id.0))
    }

    async fn replace_product(&mut self, id: ProductId, spec: &ProductSpec) -> Result<bool, StoreError> {
        let update = Entity::update_many().set(written(spec)).filter(Column::Id.eq(id.0));
        Ok(update.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn delete_product(&mut self, id: ProductId) -> Result<bool, StoreError> {
        let done = Entity::delete_by_id(id.0).exec(self.write()).await.map_err(failed)?;
        Ok(done.rows_affected > 0)
    }

    async fn take(&mut self, id: ProductId, quantity: u32) -> Result<bool, StoreError> {
        let quantity = i64::from(quantity);
        let update = Entity::update_many()
            .col_expr(Column::Quantity, Expr::col(Column::Quantity).sub(quantity))
            .filter(Column::Id.eq(id.0))
            .filter(Column::Quantity.gte(quantity));
        Ok(update.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn put_back(&mut self, id: ProductId, quantity: u32) -> Result<(), StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::Quantity, Expr::col(Column::Quantity).add(i64::from(quantity)))
            .filter(Column::Id.eq(id.0));
        update.exec(self.write()).await.map(drop).map_err(failed)
    }
}

const PRODUCTS: Searched<Column> =
    Searched { id: Column::Id, folded: Column::NameFolded, trigrams: "products_search" };

/// The columns a specification fills.
fn written(spec: &ProductSpec) -> ActiveModel {
    ActiveModel {
        category_id: ActiveValue::Set(spec.category.0),
        name: ActiveValue::Set(spec.name.to_string()),
        name_folded: ActiveValue::Set(fold(spec.name.as_str())),
        description: ActiveValue::Set(spec.description.to_string()),
        price: ActiveValue::Set(spec.price.minor()),
        quantity: ActiveValue::Set(spec.quantity.into()),
        ..Default::default()
    }
}

fn with_categories() -> Select<Entity> {
    Entity::find()
        .column_as(categories::Column::Name, "category_name")
        .join(JoinType::InnerJoin, Relation::Category.def())
}

fn category(row: categories::Model) -> Category {
    Category { id: CategoryId(row.id), name: Label::from_stored(row.name) }
}

pub(crate) fn product(row: ProductRow) -> Result<Product, StoreError> {
    let ProductRow { product: row, category_name } = row;
    Ok(Product {
        id: ProductId(row.id),
        name: Label::from_stored(row.name),
        description: Description::from_stored(row.description),
        price: Money::from_minor(row.price),
        quantity: pieces(row.quantity)?,
        category: Category { id: CategoryId(row.category_id), name: Label::from_stored(category_name) },
    })
}

/// A number of pieces as it was kept.
pub(crate) fn pieces(number: i64) -> Result<u32, StoreError> {
    number.try_into().map_err(|_| corrupt(format!("quantity {number}")))
}
