//! Ends of sessions, each written to the revocation feed and announced by the transaction that makes it.
//!
//! Each statement locks its rows in the order of their ids, so that two of them never wait for each other in a circle.

use std::collections::BTreeSet;

use async_trait::async_trait;
use keyward_domain::model::devices::DeviceRepository;
use keyward_domain::model::sessions::SessionEndings;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::announce::Change;
use keyward_domain::values::ids::{ClientId, SessionId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, UpdateMany};
use time::OffsetDateTime;

use super::revocations::record;
use crate::database::columns::micros;
use crate::database::db::{Db, Open};
use crate::database::error::failed;
use crate::entity::sessions::{Column, Entity, Model};

/// The `end_reason` of a session that a reused refresh token ended. A session that ended otherwise has none.
pub(super) const REUSE: &str = "reuse";

/// The scope of sessions that a client was granted beyond the browser session.
const OFFLINE: &str = "%offline_access%";
/// How many sessions of a client end at once.
const SURPLUS_OF_CLIENT: u64 = 100;

#[async_trait]
impl SessionEndings for Db<Open> {
    async fn revoke(&mut self, user: UserId, id: SessionId, now: OffsetDateTime) -> Result<bool, StoreError> {
        let with_it = Condition::any().add(Column::Id.eq(id.0)).add(Column::ParentId.eq(id.0));
        let mut held = standing();
        held.and_where(Column::UserId.eq(user.0)).cond_where(with_it);
        Ok(self.end(user, end_all_of(user, now).filter(held_in_order(held))).await? > 0)
    }

    async fn revoke_reused(
        &mut self,
        user: UserId,
        id: SessionId,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let with_it = Condition::any().add(Column::Id.eq(id.0)).add(Column::ParentId.eq(id.0));
        let mut held = standing();
        held.and_where(Column::UserId.eq(user.0)).cond_where(with_it);
        let update = end_all_of(user, now).filter(held_in_order(held));
        Ok(self.end(user, update.col_expr(Column::EndReason, Expr::value(REUSE))).await? > 0)
    }

    async fn revoke_all(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        self.disallow(user, None).await?;
        let mut all = standing();
        all.and_where(Column::UserId.eq(user.0));
        if let Some(except) = except {
            all.and_where(Column::Id.ne(except.0));
        }
        self.end(user, end_all_of(user, now).filter(held_in_order(all))).await
    }

    async fn revoke_surplus(
        &mut self,
        user: UserId,
        most: u64,
        now: OffsetDateTime,
        limit: u64,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut own = standing();
        own.and_where(Column::UserId.eq(user.0));
        // All that stand are counted, in the index alone: most accounts have few, and need no sorting.
        let count = Query::select().expr(Expr::cust("COUNT(*)")).from_subquery(own.clone(), "own").take();
        let many = Expr::SubQuery(None, Box::new(count.into()));
        let mut surplus = own;
        surplus.and_where(many.gt(i64::try_from(most).unwrap_or(i64::MAX)));
        surplus.and_where(Column::ParentId.is_null()).and_where(Column::Scope.not_like(OFFLINE));
        surplus.order_by(Column::LastSeenAt, Order::Desc).order_by(Column::Id, Order::Desc);
        surplus.offset(most).limit(limit);
        let mut held = standing();
        held.and_where(Column::Id.in_subquery(surplus));
        let update = end_all_of(user, now).filter(held_in_order(held));
        let mut ended = update.exec_with_returning(self.write()).await.map_err(failed)?;
        if !ended.is_empty() {
            let parents = ended.iter().map(|row| row.id).collect::<Vec<_>>();
            let mut held = standing();
            held.and_where(Column::UserId.eq(user.0)).and_where(Column::ParentId.is_in(parents));
            let with_them = end_all_of(user, now).filter(held_in_order(held));
            ended.extend(with_them.exec_with_returning(self.write()).await.map_err(failed)?);
        }
        self.told(user, &ended).await?;
        Ok(ended.into_iter().map(|row| SessionId(row.id)).collect())
    }

    async fn revoke_surplus_of_client(
        &mut self,
        user: UserId,
        parent: Option<SessionId>,
        client: &ClientId,
        most: u64,
        now: OffsetDateTime,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut surplus = standing();
        surplus.and_where(Column::UserId.eq(user.0)).and_where(Column::ClientId.eq(client.as_str()));
        surplus.and_where(match parent {
            Some(parent) => Column::ParentId.eq(parent.0),
            None => Column::ParentId.is_null().and(Column::Scope.like(OFFLINE)),
        });
        surplus.order_by(Column::LastSeenAt, Order::Desc).order_by(Column::Id, Order::Desc);
        surplus.offset(most).limit(SURPLUS_OF_CLIENT);
        let mut held = standing();
        held.and_where(Column::Id.in_subquery(surplus));
        let update = end_all_of(user, now).filter(held_in_order(held));
        let ended = update.exec_with_returning(self.write()).await.map_err(failed)?;
        self.told(user, &ended).await?;
        Ok(ended.into_iter().map(|row| SessionId(row.id)).collect())
    }

    async fn revoke_of_client(
        &mut self,
        user: UserId,
        client: &ClientId,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        let mut held = standing();
        held.and_where(Column::UserId.eq(user.0)).and_where(Column::ClientId.eq(client.as_str()));
        self.end(user, end_all_of(user, now).filter(held_in_order(held))).await
    }

    async fn revoke_some_of_client(
        &mut self,
        client: &ClientId,
        now: OffsetDateTime,
        limit: u64,
    ) -> Result<u64, StoreError> {
        let mut some = standing();
        some.and_where(Column::ClientId.eq(client.as_str())).limit(limit);
        let mut held = standing();
        held.and_where(Column::Id.in_subquery(some));
        let update = end_all(now).filter(held_in_order(held));
        let ended = update.exec_with_returning(self.write()).await.map_err(failed)?;
        if !ended.is_empty() {
            self.recorded(&ended).await?;
        }
        for user in ended.iter().map(|row| row.user_id).collect::<BTreeSet<_>>() {
            self.announce(Change::User(UserId(user))).await?;
        }
        Ok(ended.len() as u64)
    }
}

impl Db<Open> {
    /// Records the ends of a user's sessions in the feed.
    async fn told(&self, user: UserId, ended: &[Model]) -> Result<(), StoreError> {
        if ended.is_empty() {
            return Ok(());
        }
        self.recorded(ended).await?;
        self.announce(Change::User(user)).await
    }

    /// Records ends in the feed, and the logouts that clients are owed.
    async fn recorded(&self, ended: &[Model]) -> Result<(), StoreError> {
        if record(self.write(), ended).await? {
            self.announce(Change::Logout).await?;
        }
        Ok(())
    }

    /// Ends sessions of a user, and records exactly those in the feed. Returns the number ended.
    ///
    /// If none was live, only this process is notified: another may have ended them, and this one remember otherwise.
    async fn end(&self, user: UserId, update: UpdateMany<Entity>) -> Result<u64, StoreError> {
        let ended = update.exec_with_returning(self.write()).await.map_err(failed)?;
        if ended.is_empty() {
            self.0.announce_here(Change::User(user));
            return Ok(0);
        }
        self.recorded(&ended).await?;
        self.announce(Change::User(user)).await?;
        Ok(ended.len() as u64)
    }
}

/// Ends the sessions of `user` that stand; one that has ended keeps the time of its end.
fn end_all_of(user: UserId, now: OffsetDateTime) -> UpdateMany<Entity> {
    end_all(now).filter(Column::UserId.eq(user.0))
}

/// The ids of sessions that stand.
fn standing() -> SelectStatement {
    Query::select().column(Column::Id).from(Entity).and_where(Column::RevokedAt.is_null()).take()
}

/// That a session is among these, whose rows are locked one after the other. SQLite has one transaction that writes at a time,
/// and no locks of rows.
fn held_in_order(mut ids: SelectStatement) -> SimpleExpr {
    Column::Id.in_subquery(ids.order_by(Column::Id, Order::Asc).lock(LockType::NoKeyUpdate).take())
}

fn end_all(now: OffsetDateTime) -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(micros(now)))
        .filter(Column::RevokedAt.is_null())
}
