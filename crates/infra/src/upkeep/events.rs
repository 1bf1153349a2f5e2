//! Security events.

use async_trait::async_trait;
use keyward_domain::model::events::{Event, EventKind, EventRepository, Writers};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::by::{By, Means, Who};
use keyward_domain::values::ids::SessionId;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::origin::Device;
use keyward_domain::values::origin::Origin;
use sea_orm::sea_query::{Order, Query};
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use time::OffsetDateTime;

use crate::database::columns::{micros, time, without_nul};
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::{corrupt, failed};
use crate::entity::security_events::{ActiveModel, Column, Entity, Model};

const WRITERS: &str = "SELECT pg_snapshot_xmin(now)::text::bigint AS oldest, \
    pg_snapshot_xmax(now)::text::bigint AS next FROM pg_current_snapshot() AS now";

#[async_trait]
impl<C: Connections> EventRepository for Db<C> {
    async fn append(&mut self, event: &Event) -> Result<(), StoreError> {
        let device = &event.origin.device;
        let row = ActiveModel {
            id: ActiveValue::NotSet,
            at: ActiveValue::Set(micros(event.at)),
            kind: ActiveValue::Set(event.kind.as_str().to_owned()),
            user_id: ActiveValue::Set(event.user.map(|user| user.0)),
            session_id: ActiveValue::Set(event.session.map(|session| session.0)),
            ip: ActiveValue::Set(device.ip.map(|ip| ip.to_string())),
            user_agent: ActiveValue::Set(device.user_agent.as_deref().map(without_nul)),
            request_id: ActiveValue::Set(event.origin.request_id.as_deref().map(without_nul)),
            detail: ActiveValue::Set(event.detail.as_deref().map(without_nul)),
            actor: ActiveValue::Set(Some(event.by.who.to_string())),
            via: ActiveValue::Set(event.by.via.as_ref().map(ToString::to_string)),
        };
        Entity::insert(row).exec_without_returning(self.write()).await.map(drop).map_err(failed)
    }

    async fn newest(&mut self, after: Option<i64>, limit: u64) -> Result<Vec<(i64, Event)>, StoreError> {
        let mut newest =
            Entity::find().order_by_desc(Column::Id).limit(Ord::min(limit, i64::MAX.unsigned_abs()));
        if let Some(after) = after {
            newest = newest.filter(Column::Id.gt(after));
        }
        let rows = newest.all(self.read()).await.map_err(failed)?;
        rows.into_iter().rev().map(event).collect()
    }

    async fn since(&mut self, after: i64, limit: u64) -> Result<Vec<(i64, Event)>, StoreError> {
        let after = Entity::find().filter(Column::Id.gt(after)).order_by_asc(Column::Id).limit(limit);
        after.all(self.read()).await.map_err(failed)?.into_iter().map(event).collect()
    }

    async fn of_user(
        &mut self,
        user: UserId,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Vec<(i64, Event)>, StoreError> {
        let mut own = Entity::find().filter(Column::UserId.eq(user.0)).order_by_asc(Column::Id).limit(limit);
        if let Some(after) = after {
            own = own.filter(Column::Id.gt(after));
        }
        own.all(self.read()).await.map_err(failed)?.into_iter().map(event).collect()
    }

    async fn writers(&mut self) -> Result<Writers, StoreError> {
        let connection = self.read();
        if connection.get_database_backend() == DbBackend::Sqlite {
            return Ok(Writers::default());
        }
        let row = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, WRITERS));
        let row = row.await.map_err(failed)?.ok_or_else(|| corrupt("a snapshot"))?;
        let number = |name: &str| row.try_get::<i64>("", name).map(i64::cast_unsigned).map_err(failed);
        Ok(Writers { oldest: number("oldest")?, next: number("next")? })
    }

    /// Numbers ascend with time, so only the first few have to be read, and no index on the time is needed.
    async fn forget(&mut self, before: OffsetDateTime, limit: u64) -> Result<u64, StoreError> {
        let oldest = Query::select()
            .column(Column::Id)
            .from(Entity)
            .order_by(Column::Id, Order::Asc)
            .limit(limit)
            .take();
        let removal = Entity::delete_many()
            .filter(Column::Id.in_subquery(oldest))
            .filter(Column::At.lt(micros(before)));
        Ok(removal.exec(self.write()).await.map_err(failed)?.rows_affected)
    }
}

fn event(row: Model) -> Result<(i64, Event), StoreError> {
    let ip = row.ip.map(|ip| ip.parse().map_err(|_| corrupt(format!("address {ip:?}")))).transpose()?;
    let kind = EventKind::from_name(&row.kind).ok_or_else(|| corrupt(format!("event {:?}", row.kind)))?;
    let who = row.actor.map_or(Ok(Who::Unknown), |who| {
        Who::from_stored(&who).ok_or_else(|| corrupt(format!("actor {who:?}")))
    })?;
    let via = row.via.map(|via| Means::from_stored(&via).ok_or_else(|| corrupt(format!("via {via:?}"))));
    let event = Event {
        at: time(row.at)?,
        kind,
        by: By { who, via: via.transpose()? },
        user: row.user_id.map(UserId),
        session: row.session_id.map(SessionId),
        origin: Origin { device: Device { user_agent: row.user_agent, ip }, request_id: row.request_id },
        detail: row.detail,
    };
    Ok((row.id, event))
}
