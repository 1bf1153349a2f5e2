//! Wrong guesses, counted by one statement each.

use std::net::IpAddr;

use async_trait::async_trait;
use keyward_domain::model::attempts::{AttemptKey, AttemptRepository, Budget};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::SessionId;
use keyward_domain::values::names::LoginName;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait, Select,
};
use time::{Duration, OffsetDateTime};

use crate::database::batches::delete_all;
use crate::database::columns::{micros, time};
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::failed;
use crate::entity::attempts::{ActiveModel, Column, Entity};
use crate::entity::sessions;
use crate::identity::users::is_named;

#[async_trait]
impl<C: Connections> AttemptRepository for Db<C> {
    async fn blocked_until(
        &mut self,
        key: AttemptKey,
        now: OffsetDateTime,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        let row = Entity::find_by_id(key.0.to_vec()).one(self.read()).await.map_err(failed)?;
        // Without a wait nothing blocks, not even an attempt whose clock was read before the last failure was counted.
        let waiting = row.filter(|row| row.wait > 0);
        let until = waiting.map(|row| time(row.last_at.saturating_add(row.wait))).transpose()?;
        Ok(until.filter(|until| *until > now))
    }

    async fn fail(
        &mut self,
        key: AttemptKey,
        now: OffsetDateTime,
        budget: Budget,
    ) -> Result<bool, StoreError> {
        let (first, cap) = (whole_micros(budget.first), whole_micros(budget.cap));
        // Where time forgives, a failure is counted as the time that forgives it, so that no part of one gets lost.
        let one = budget.forgive.map_or(1, whole_micros);
        let free = one.saturating_mul(i64::from(budget.free) - 1);
        let row = ActiveModel {
            key: ActiveValue::Set(key.0.to_vec()),
            failures: ActiveValue::Set(one),
            wait: ActiveValue::Set(if budget.free <= 1 { first } else { 0 }),
            last_at: ActiveValue::Set(micros(now)),
        };
        let column = |column: Column| Expr::col((Entity, column));
        // Failures arrive out of order: clocks differ, and some wait for others at the row.
        let late = || column(Column::LastAt).gt(micros(now));
        let failures = || {
            let held = match budget.forgive {
                Some(_) => {
                    let passed = || Expr::val(micros(now)).sub(column(Column::LastAt));
                    let left = column(Column::Failures).sub(passed());
                    CaseStatement::new()
                        .case(late(), column(Column::Failures))
                        .case(column(Column::Failures).lt(passed()), 0_i64)
                        .finally(left)
                        .into()
                }
                None => column(Column::Failures),
            };
            held.add(one)
        };
        let wait = CaseStatement::new()
            .case(failures().lte(free), 0_i64)
            .case(column(Column::Wait).eq(0_i64), first)
            .case(column(Column::Wait).gt(cap / 2), cap)
            .finally(column(Column::Wait).mul(2_i64));
        let mut counted = OnConflict::column(Column::Key);
        counted
            .value(Column::Failures, failures())
            .value(Column::Wait, wait)
            .value(
                Column::LastAt,
                CaseStatement::new().case(late(), column(Column::LastAt)).finally(micros(now)),
            )
            .action_and_where(
                column(Column::Wait)
                    .eq(0_i64)
                    .or(column(Column::LastAt).add(column(Column::Wait)).lte(micros(now))),
            );
        let done = Entity::insert(row).on_conflict(counted).exec_without_returning(self.write()).await;
        done.map(|rows| rows > 0).map_err(failed)
    }

    async fn take_back(&mut self, key: AttemptKey, budget: Budget) -> Result<(), StoreError> {
        let one = budget.forgive.map_or(1, whole_micros);
        let free = one.saturating_mul(i64::from(budget.free) - 1);
        let rest = || Expr::col(Column::Failures).sub(one);
        let wait = || Expr::col(Column::Wait);
        // Where waits go on, the one that began is over, and the next is as long again. Time that has not passed forgives nothing.
        let kept = if budget.forgive.is_some() { rest().add(wait()) } else { rest() };
        let failures = CaseStatement::new().case(rest().lt(0_i64), 0_i64).case(rest().lte(free), rest());
        let last_at = CaseStatement::new().case(rest().lte(free), Expr::col(Column::LastAt));
        let update = Entity::update_many()
            .col_expr(Column::Failures, failures.finally(kept).into())
            .col_expr(
                Column::Wait,
                CaseStatement::new().case(rest().lte(free), 0_i64).finally(wait().div(2_i64)).into(),
            )
            .col_expr(Column::LastAt, last_at.finally(Expr::col(Column::LastAt).sub(wait())).into())
            .filter(Column::Key.eq(key.0.to_vec()));
        update.exec(self.write()).await.map(drop).map_err(failed)
    }

    async fn clear(&mut self, key: AttemptKey) -> Result<(), StoreError> {
        Entity::delete_by_id(key.0.to_vec()).exec(self.write()).await.map(drop).map_err(failed)
    }

    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError> {
        // Where time forgives, failures are counted as time, too: what it has not yet forgiven stays.
        let over = Expr::col(Column::LastAt).add(Expr::col(Column::Wait)).add(Expr::col(Column::Failures));
        let old = Condition::all().add(Column::LastAt.lt(micros(before))).add(over.lt(micros(before)));
        delete_all::<Entity>(self.write(), Column::Key, old).await
    }

    async fn addresses_of(&mut self, name: &LoginName) -> Result<Vec<IpAddr>, StoreError> {
        let newest = sessions_of(name)
            .select_only()
            .column(sessions::Column::Ip)
            .filter(sessions::Column::Ip.is_not_null())
            .order_by_desc(sessions::Column::CreatedAt)
            .limit(100);
        let found: Vec<String> = newest.into_tuple().all(self.read()).await.map_err(failed)?;
        Ok(found.iter().filter_map(|address| address.parse().ok()).collect())
    }

    async fn salt_of(
        &mut self,
        name: &LoginName,
        session: SessionId,
    ) -> Result<Option<[u8; 16]>, StoreError> {
        let salt = sessions_of(name).select_only().column(sessions::Column::Salt);
        let salt = salt.filter(sessions::Column::Id.eq(session.0));
        let found: Option<Vec<u8>> = salt.into_tuple().one(self.read()).await.map_err(failed)?;
        Ok(found.and_then(|salt| salt.try_into().ok()))
    }
}

fn sessions_of(name: &LoginName) -> Select<sessions::Entity> {
    sessions::Entity::find().join(JoinType::InnerJoin, sessions::Relation::User.def()).filter(is_named(name))
}

fn whole_micros(time: Duration) -> i64 {
    i64::try_from(time.whole_microseconds()).unwrap_or(i64::MAX)
}
