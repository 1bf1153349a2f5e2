//! Logins.

use std::collections::BTreeSet;

use async_trait::async_trait;
use keyward_auth::ScopeSet;
use keyward_domain::clients::ClientId;
use keyward_domain::sessions::{Device, LiveSession, Session, SessionId, SessionRepository};
use keyward_domain::store::StoreError;
use keyward_domain::users::UserId;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{
    ActiveValue, ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationTrait, UpdateMany,
};
use time::OffsetDateTime;

use crate::clients::client_id;
use crate::columns::{micros, time, without_nul};
use crate::entity::sessions::{ActiveModel, Column, Entity, Model, Relation};
use crate::entity::users;
use crate::error::{corrupt, failed, unstorable};
use crate::revocations::record;
use crate::search::either;
use crate::signals::Signal;
use crate::store::{Connections, Db};
use crate::users::role;

/// A session with its user's role.
#[derive(FromQueryResult)]
struct LiveRow {
    #[sea_orm(nested)]
    session: Model,
    role: String,
}

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
        };
        Entity::insert(row).exec_without_returning(self.write()).await.map(drop).map_err(failed)
    }

    async fn live(&mut self, id: SessionId) -> Result<Option<LiveSession>, StoreError> {
        let live = Entity::find_by_id(id.0)
            .column_as(users::Column::Role, "role")
            .join(JoinType::InnerJoin, Relation::User.def())
            .filter(Column::RevokedAt.is_null())
            .filter(users::Column::Disabled.eq(false));
        let row: Option<LiveRow> = live.into_model().one(self.read()).await.map_err(failed)?;
        row.map(|row| Ok(LiveSession { session: session(row.session)?, role: role(&row.role)? })).transpose()
    }

    async fn of_user(&mut self, user: UserId, limit: u64) -> Result<Vec<Session>, StoreError> {
        let sessions = Entity::find()
            .filter(Column::UserId.eq(user.0))
            .filter(Column::RevokedAt.is_null())
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(Ord::min(limit, i64::MAX.unsigned_abs()));
        let rows = sessions.all(self.read()).await.map_err(failed)?;
        rows.into_iter().map(session).collect()
    }

    async fn advance(
        &mut self,
        id: SessionId,
        counter: u64,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let Some(counter) = spendable(counter) else { return Ok(false) };
        let update = Entity::update_many()
            .col_expr(Column::Counter, Expr::col(Column::Counter).add(1_i64))
            .col_expr(Column::LastSeenAt, Expr::value(micros(now)))
            .filter(Column::Id.eq(id.0))
            .filter(Column::Counter.eq(counter))
            .filter(Column::RevokedAt.is_null());
        let done = update.exec(self.write()).await.map_err(failed)?;
        Ok(done.rows_affected > 0)
    }

    async fn revoke(&mut self, user: UserId, id: SessionId, now: OffsetDateTime) -> Result<bool, StoreError> {
        let update = end_all_of(user, now).filter(Column::Id.eq(id.0));
        Ok(self.end(user, update).await? > 0)
    }

    async fn remove_over(
        &mut self,
        revoked: OffsetDateTime,
        idle: OffsetDateTime,
        limit: u64,
    ) -> Result<u64, StoreError> {
        // One question each, in the order of its index: asked for both at once, SQLite reads every session.
        let before = |column: Column, time: OffsetDateTime| {
            let mut ids = Query::select();
            ids.column(Column::Id).from(Entity).and_where(column.lt(micros(time)));
            ids.order_by(column, Order::Asc).limit(limit).take()
        };
        let over =
            either(before(Column::RevokedAt, revoked), before(Column::LastSeenAt, idle)).limit(limit).take();
        let removal = Entity::delete_many().filter(Column::Id.in_subquery(over));
        Ok(removal.exec(self.write()).await.map_err(failed)?.rows_affected)
    }

    async fn revoke_all(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        let mut update = end_all_of(user, now);
        if let Some(except) = except {
            update = update.filter(Column::Id.ne(except.0));
        }
        self.end(user, update).await
    }

    async fn revoke_some_of_client(
        &mut self,
        client: &ClientId,
        now: OffsetDateTime,
        limit: u64,
    ) -> Result<Vec<UserId>, StoreError> {
        let mut some = Query::select();
        some.column(Column::Id).from(Entity).and_where(Column::ClientId.eq(client.as_str()));
        some.and_where(Column::RevokedAt.is_null()).limit(limit);
        let update = end_all(now).filter(Column::Id.in_subquery(some));
        let ended = update.exec_with_returning(self.write()).await.map_err(failed)?;
        let users: Vec<UserId> = ended.iter().map(|row| UserId(row.user_id)).collect();
        if !ended.is_empty() {
            record(self.write(), &ended).await?;
        }
        for user in users.iter().collect::<BTreeSet<_>>() {
            self.tell(Signal::User(*user)).await?;
        }
        Ok(users)
    }
}

impl<C: Connections> Db<C> {
    /// Ends sessions of a user, and records exactly those for the feed; says how many.
    async fn end(&self, user: UserId, update: UpdateMany<Entity>) -> Result<u64, StoreError> {
        let ended = update.exec_with_returning(self.write()).await.map_err(failed)?;
        if !ended.is_empty() {
            record(self.write(), &ended).await?;
            self.tell(Signal::User(user)).await?;
        }
        Ok(ended.len() as u64)
    }
}

/// Ends the sessions of `user` that stand; one that has ended keeps the time of its end.
fn end_all_of(user: UserId, now: OffsetDateTime) -> UpdateMany<Entity> {
    end_all(now).filter(Column::UserId.eq(user.0))
}

fn end_all(now: OffsetDateTime) -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(micros(now)))
        .filter(Column::RevokedAt.is_null())
}

/// A counter that fits its column, and whose successor does too.
fn spendable(counter: u64) -> Option<i64> {
    i64::try_from(counter).ok().filter(|counter| *counter < i64::MAX)
}

fn session(row: Model) -> Result<Session, StoreError> {
    let ip = row.ip.map(|ip| ip.parse().map_err(|_| corrupt(format!("address {ip:?}")))).transpose()?;
    Ok(Session {
        id: SessionId(row.id),
        user: UserId(row.user_id),
        scope: ScopeSet::parse(&row.scope).map_err(|_| corrupt(format!("scope {:?}", row.scope)))?,
        client: row.client_id.as_deref().map(client_id).transpose()?,
        device: Device { user_agent: row.user_agent, ip },
        created_at: time(row.created_at)?,
        last_seen_at: time(row.last_seen_at)?,
        counter: row.counter.try_into().map_err(|_| corrupt(format!("counter {}", row.counter)))?,
        salt: row.salt.try_into().map_err(|_| corrupt("a salt of another length"))?,
    })
}
