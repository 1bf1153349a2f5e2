//! Wrong guesses, counted by one statement each.

use std::net::IpAddr;

use async_trait::async_trait;
use keyward_domain::email::Email;
use keyward_domain::store::StoreError;
use keyward_domain::throttle::{AttemptKey, AttemptRepository, Budget};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue, ColumnTrait, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QuerySelect, RelationTrait,
};
use time::{Duration, OffsetDateTime};

use crate::columns::{micros, time};
use crate::entity::attempts::{ActiveModel, Column, Entity};
use crate::entity::{sessions, users};
use crate::error::failed;
use crate::store::{Connections, Db};

#[async_trait]
impl<C: Connections> AttemptRepository for Db<C> {
    async fn blocked_until(
        &mut self,
        key: AttemptKey,
        now: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        let row = Entity::find_by_id(key.0.to_vec()).one(self.read()).await.map_err(failed)?;
        let until = row.map(|row| time(row.last_at.saturating_add(row.wait))).transpose()?;
        Ok(until.filter(|until| *until > now))
    }

    async fn fail(
        &mut self,
        key: AttemptKey,
        now: OffsetDateTime,
        budget: Budget,
    ) -> Result<bool, StoreError> {
        let (first, cap) = (whole_micros(budget.first), whole_micros(budget.cap));
        let row = ActiveModel {
            key: ActiveValue::Set(key.0.to_vec()),
            failures: ActiveValue::Set(1),
            wait: ActiveValue::Set(if budget.free <= 1 { first } else { 0 }),
            last_at: ActiveValue::Set(micros(now)),
        };
        let column = |column: Column| Expr::col((Entity, column));
        let wait = CaseStatement::new()
            .case(column(Column::Failures).add(1_i64).lt(i64::from(budget.free)), 0_i64)
            .case(column(Column::Wait).eq(0_i64), first)
            .case(column(Column::Wait).gt(cap / 2), cap)
            .finally(column(Column::Wait).mul(2_i64));
        let mut counted = OnConflict::column(Column::Key);
        counted
            .value(Column::Failures, column(Column::Failures).add(1_i64))
            .value(Column::Wait, wait)
            .value(Column::LastAt, micros(now))
            .action_and_where(column(Column::LastAt).add(column(Column::Wait)).lte(micros(now)));
        let done = Entity::insert(row).on_conflict(counted).exec_without_returning(self.write()).await;
        done.map(|rows| rows > 0).map_err(failed)
    }

    async fn clear(&mut self, key: AttemptKey) -> Result<(), StoreError> {
        Entity::delete_by_id(key.0.to_vec()).exec(self.write()).await.map(drop).map_err(failed)
    }

    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let old = Entity::delete_many().filter(Column::LastAt.lt(micros(before)));
        Ok(old.exec(self.write()).await.map_err(failed)?.rows_affected)
    }

    async fn is_known(&mut self, email: &Email, address: IpAddr) -> Result<bool, StoreError> {
        let known = sessions::Entity::find()
            .join(JoinType::InnerJoin, sessions::Relation::User.def())
            .filter(users::Column::Email.eq(email.as_str()))
            .filter(sessions::Column::Ip.eq(address.to_string()))
            .limit(1);
        known.count(self.read()).await.map(|count| count > 0).map_err(failed)
    }
}

fn whole_micros(time: Duration) -> i64 {
    i64::try_from(time.whole_microseconds()).unwrap_or(i64::MAX)
}
