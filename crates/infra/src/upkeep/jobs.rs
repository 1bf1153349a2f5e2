//! When jobs are due.

use async_trait::async_trait;
use keyward_domain::model::jobs::{Job, JobRepository};
use keyward_domain::model::store_error::StoreError;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue, EntityTrait};
use time::OffsetDateTime;

use crate::database::columns::micros;
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::failed;
use crate::entity::jobs::{ActiveModel, Column, Entity};

#[async_trait]
impl<C: Connections> JobRepository for Db<C> {
    async fn claim(
        &mut self,
        job: Job,
        now: OffsetDateTime,
        next: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let row = ActiveModel {
            name: ActiveValue::Set(job.as_str().to_owned()),
            due_at: ActiveValue::Set(micros(next)),
        };
        // The first claim makes the row; every other moves it, if it is due.
        let mut due = OnConflict::column(Column::Name);
        due.update_column(Column::DueAt)
            .action_and_where(Expr::col((Entity, Column::DueAt)).lte(micros(now)));
        let claimed = Entity::insert(row).on_conflict(due).exec_without_returning(self.write()).await;
        claimed.map(|rows| rows > 0).map_err(failed)
    }
}
