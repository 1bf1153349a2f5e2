//! Sessions.

use std::net::IpAddr;

use async_trait::async_trait;
use keyward_auth::Thumbprint;
use keyward_domain::model::sessions::{EndedSession, LiveSession, Session, SessionRepository, Spend, Spent};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::{ClientId, SessionId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{
    ActiveValue, ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
    UpdateMany,
};
use time::OffsetDateTime;

use super::rows::{LiveRow, live, session, spendable};
use super::spending;
use crate::database::columns::{micros, without_nul};
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::{failed, unstorable};
use crate::database::search::either;
use crate::entity::sessions::{ActiveModel, Column, Entity, Model, Relation};
use crate::entity::users;
use crate::oauth::clients::client_id;
use crate::sessions::endings::REUSE;

#[async_trait]
impl<C: Connections> SessionRepository for Db<C> {
    async fn insert(&mut self, session: &Session) -> Result<(), StoreError> {
        let row = ActiveModel {
            id: ActiveValue::Set(session.id.0),
            user_id: ActiveValue::Set(session.user.0),
            scope: ActiveValue::Set(session.scope.to_string()),
            client_id: ActiveValue::Set(session.client.as_ref().map(ToString::to_string)),
            counter: ActiveValue::Set(spendable(session.counter).ok_or_else(|| unstorable("counter"))?),
            salt: ActiveValue::Set(session.salt.to_vec()),
            user_agent: ActiveValue::Set(session.device.user_agent.as_deref().map(without_nul)),
            ip: ActiveValue::Set(session.device.ip.map(|ip| ip.to_string())),
            created_at: ActiveValue::Set(micros(session.created_at)),
            last_seen_at: ActiveValue::Set(micros(session.last_seen_at)),
            revoked_at: ActiveValue::Set(None),
            end_reason: ActiveValue::Set(None),
            amr: ActiveValue::Set(session.proof.methods.to_string()),
            auth_at: ActiveValue::Set(session.proof.at.map(micros)),
            parent_id: ActiveValue::Set(session.parent.map(|parent| parent.0)),
            opened_in: ActiveValue::Set(session.opened_in.map(|browser| browser.0)),
            audience: ActiveValue::Set((!session.audience.is_empty()).then(|| session.audience.join(" "))),
            dpop_jkt: ActiveValue::Set(session.key.as_ref().map(ToString::to_string)),
        };
        Entity::insert(row).exec_without_returning(self.write()).await.map(drop).map_err(failed)
    }

    async fn live(&mut self, id: SessionId) -> Result<Option<LiveSession>, StoreError> {
        let standing = Entity::find_by_id(id.0)
            .column_as(users::Column::Role, "role")
            .join(JoinType::InnerJoin, Relation::User.def())
            .filter(Column::RevokedAt.is_null())
            .filter(users::Column::Disabled.eq(false));
        let row: Option<LiveRow> = standing.into_model().one(self.read()).await.map_err(failed)?;
        row.map(live).transpose()
    }

    async fn ended(&mut self, id: SessionId) -> Result<Option<EndedSession>, StoreError> {
        let ended = Entity::find_by_id(id.0).filter(Column::RevokedAt.is_not_null());
        let row = ended.one(self.read()).await.map_err(failed)?;
        let ended = |row: Model| {
            let by_reuse = row.end_reason.as_deref() == Some(REUSE);
            Ok(EndedSession { session: session(row)?, by_reuse })
        };
        row.map(ended).transpose()
    }

    async fn of_user(
        &mut self,
        user: UserId,
        after: Option<SessionId>,
        limit: u64,
    ) -> Result<Vec<Session>, StoreError> {
        let mut sessions = Entity::find()
            .filter(Column::UserId.eq(user.0))
            .filter(Column::RevokedAt.is_null())
            .order_by_desc(Column::Id)
            .limit(Ord::min(limit, i64::MAX.unsigned_abs()));
        if let Some(after) = after {
            sessions = sessions.filter(Column::Id.lt(after.0));
        }
        let rows = sessions.all(self.read()).await.map_err(failed)?;
        rows.into_iter().map(session).collect()
    }

    async fn advance(
        &mut self,
        id: SessionId,
        counter: u64,
        key: Option<&Thumbprint>,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let Some(counter) = spendable(counter) else { return Ok(false) };
        let update = of_key(id, counter, key)
            .col_expr(Column::Counter, Expr::col(Column::Counter).add(1_i64))
            .col_expr(Column::LastSeenAt, Expr::value(micros(now)));
        let done = update.exec(self.write()).await.map_err(failed)?;
        Ok(done.rows_affected > 0)
    }

    async fn bind(&mut self, id: SessionId, counter: u64, key: &Thumbprint) -> Result<bool, StoreError> {
        let Some(counter) = spendable(counter) else { return Ok(false) };
        let done = of_key(id, counter, Some(key)).exec(self.write()).await.map_err(failed)?;
        Ok(done.rows_affected > 0)
    }

    async fn spend(&mut self, tokens: &[Spend]) -> Result<Vec<Spent>, StoreError> {
        spending::spend(self.write(), tokens).await
    }

    async fn addresses(&mut self, user: UserId, limit: u64) -> Result<Vec<IpAddr>, StoreError> {
        let newest = Entity::find()
            .select_only()
            .column(Column::Ip)
            .filter(Column::UserId.eq(user.0))
            .filter(Column::Ip.is_not_null())
            .order_by_desc(Column::CreatedAt)
            .limit(limit);
        let found: Vec<String> = newest.into_tuple().all(self.read()).await.map_err(failed)?;
        Ok(found.iter().filter_map(|address| address.parse().ok()).collect())
    }

    async fn clients_of(&mut self, user: UserId, limit: u64) -> Result<Vec<ClientId>, StoreError> {
        let clients = Entity::find()
            .select_only()
            .column(Column::ClientId)
            .distinct()
            .filter(Column::UserId.eq(user.0))
            .filter(Column::RevokedAt.is_null())
            .filter(Column::ClientId.is_not_null())
            .order_by_asc(Column::ClientId)
            .limit(limit);
        let found: Vec<String> = clients.into_tuple().all(self.read()).await.map_err(failed)?;
        found.iter().map(|id| client_id(id)).collect()
    }

    async fn count_by_user(&mut self, after: UserId, limit: u64) -> Result<Vec<(UserId, u64)>, StoreError> {
        let counts = Entity::find()
            .select_only()
            .column(Column::UserId)
            .column_as(Column::Id.count(), "sessions")
            .filter(Column::RevokedAt.is_null())
            .filter(Column::UserId.gt(after.0))
            .group_by(Column::UserId)
            .order_by_asc(Column::UserId)
            .limit(limit);
        let counts: Vec<(i64, i64)> = counts.into_tuple().all(self.read()).await.map_err(failed)?;
        Ok(counts.into_iter().map(|(user, sessions)| (UserId(user), sessions.unsigned_abs())).collect())
    }

    async fn remove_over(
        &mut self,
        revoked: OffsetDateTime,
        idle: OffsetDateTime,
        limit: u64,
    ) -> Result<u64, StoreError> {
        // One question each, in the order of its index: asked for both at once, SQLite reads every session.
        let before = |column: &'static str, end: i64| {
            let mut ids = Query::select();
            ids.column(Column::Id).from(Entity).and_where(Expr::col(column).lt(end));
            ids.order_by(column, Order::Asc).limit(limit).take()
        };
        let (revoked, seen) = (before("revoked_at", micros(revoked)), before("seen_day", day(idle)));
        let over = either(revoked, seen).limit(limit).take();
        let removal = Entity::delete_many().filter(Column::Id.in_subquery(over));
        Ok(removal.exec(self.write()).await.map_err(failed)?.rows_affected)
    }
}

/// An update of a live session that is bound to `key`, or to none yet; it is bound to it thereby.
fn of_key(id: SessionId, counter: i64, key: Option<&Thumbprint>) -> UpdateMany<Entity> {
    let update = Entity::update_many()
        .filter(Column::Id.eq(id.0))
        .filter(Column::Counter.eq(counter))
        .filter(Column::RevokedAt.is_null());
    let Some(key) = key else { return update.filter(Column::DpopJkt.is_null()) };
    update
        .col_expr(Column::DpopJkt, Expr::value(key.as_str()))
        .filter(Column::DpopJkt.is_null().or(Column::DpopJkt.eq(key.as_str())))
}

/// The day of a time, as the column `seen_day` counts days.
fn day(time: OffsetDateTime) -> i64 {
    micros(time) / 86_400_000_000
}
