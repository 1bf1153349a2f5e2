//! What is good once, by its id.

use async_trait::async_trait;
use keyward_domain::model::spent::{OnceId, SpentRepository};
use keyward_domain::model::store_error::StoreError;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue, ColumnTrait, Condition, EntityTrait};
use time::OffsetDateTime;

use crate::database::batches::delete_all;
use crate::database::columns::micros;
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::failed;
use crate::entity::spent::{ActiveModel, Column, Entity};

#[async_trait]
impl<C: Connections> SpentRepository for Db<C> {
    /// PostgreSQL waits here for another transaction that has inserted the id, and goes on when that has ended.
    async fn spend(&mut self, id: OnceId, expires_at: OffsetDateTime) -> Result<bool, StoreError> {
        let row = ActiveModel {
            id: ActiveValue::Set(id.0.to_vec()),
            expires_at: ActiveValue::Set(micros(expires_at)),
        };
        let first = OnConflict::column(Column::Id).do_nothing().to_owned();
        let rows = Entity::insert(row).on_conflict(first).exec_without_returning(self.write()).await;
        rows.map(|rows| rows > 0).map_err(failed)
    }

    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let old = Condition::all().add(Column::ExpiresAt.lte(micros(before)));
        delete_all::<Entity>(self.write(), Column::Id, old).await
    }
}
