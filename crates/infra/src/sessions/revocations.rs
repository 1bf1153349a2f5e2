//! The feed of ended sessions.
//!
//! **PostgreSQL** makes rows visible in the order of commits, which is neither that of ids nor of times. So a position is a
//! snapshot (`pg_current_snapshot()`) of what the reader has seen. The next rows are those that this snapshot does not show,
//! by the writing transaction's id in `tx`; so no reader misses a transaction that was open then. **SQLite** has one writer,
//! which takes ids and commits in the same order: there a position is the last id. In front of either stands the epoch of the
//! feed: see `feed_epoch`.

use async_trait::async_trait;
use keyward_domain::model::revocations::{News, Position, Revocation, RevocationRepository};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::SessionId;
use keyward_domain::values::ids::UserId;
use sea_orm::prelude::Uuid;
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult,
    QueryFilter, QueryOrder, QuerySelect, Statement,
};
use time::OffsetDateTime;

use crate::database::batches::delete_all;
use crate::database::columns::{micros, time};
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::failed;
use crate::entity::revocations::{ActiveModel, Column, Entity, Model};
use crate::entity::sessions;
use crate::oauth::logouts::enqueue;

use super::feed_epoch;
use super::position::{self, Paging, Snapshot, within};

/// How many rows one statement inserts: databases bound the number of parameters.
const ROWS: usize = 1000;

/// What a snapshot that was seen does not show, beside the snapshot of this very statement.
const UNSEEN: &str = "SELECT pg_current_snapshot()::text AS now, r.* FROM (SELECT 1) AS once LEFT JOIN (\
    SELECT id, session_id, user_id, revoked_at FROM revocations \
    WHERE id > $1 AND tx >= pg_snapshot_xmin($2::text::pg_snapshot) \
    AND NOT pg_visible_in_snapshot(tx, $2::text::pg_snapshot) ORDER BY id LIMIT $3) AS r ON TRUE ORDER BY r.id";

#[derive(FromQueryResult)]
struct Unseen {
    now: String,
    id: Option<i64>,
    session_id: Option<Uuid>,
    user_id: Option<i64>,
    revoked_at: Option<i64>,
}

#[derive(FromQueryResult)]
struct Last {
    id: Option<i64>,
}

#[async_trait]
impl<C: Connections> RevocationRepository for Db<C> {
    async fn after(&mut self, position: &Position, limit: u64) -> Result<Option<News>, StoreError> {
        let connection = self.read();
        let limit = limit.min(i64::MAX.unsigned_abs());
        let epoch = feed_epoch::current(connection).await?;
        match connection.get_database_backend() {
            DbBackend::Sqlite => match within(epoch, position, position::id) {
                Some(after) => by_id(connection, epoch, after, limit).await.map(Some),
                None => Ok(None),
            },
            _ => match within(epoch, position, Paging::parse) {
                Some(seen) => by_snapshot(connection, epoch, seen, limit).await.map(Some),
                None => Ok(None),
            },
        }
    }

    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let old = Condition::all().add(Column::RevokedAt.lt(micros(before)));
        delete_all::<Entity>(self.write(), Column::Id, old).await
    }
}

/// Writes sessions that have just ended to the feed, and the logouts that their clients are owed. Returns whether there are any.
pub(crate) async fn record(
    connection: &impl ConnectionTrait,
    ended: &[sessions::Model],
) -> Result<bool, StoreError> {
    let mut owed = false;
    for ended in ended.chunks(ROWS) {
        let rows = ended.iter().filter_map(|session| {
            Some(ActiveModel {
                id: ActiveValue::NotSet,
                session_id: ActiveValue::Set(session.id),
                user_id: ActiveValue::Set(session.user_id),
                revoked_at: ActiveValue::Set(session.revoked_at?),
            })
        });
        Entity::insert_many(rows).exec_without_returning(connection).await.map_err(failed)?;
        owed |= enqueue(connection, ended).await?;
    }
    Ok(owed)
}

async fn by_id(
    connection: &impl ConnectionTrait,
    epoch: i64,
    after: i64,
    limit: u64,
) -> Result<News, StoreError> {
    let newest = "SELECT seq AS id FROM sqlite_sequence WHERE name = 'revocations'";
    let newest = Last::find_by_statement(Statement::from_string(DbBackend::Sqlite, newest));
    let newest = newest.one(connection).await.map_err(failed)?.and_then(|last| last.id).unwrap_or(0);
    // From a database that was put back to an earlier state since: what the reader has seen is unknown.
    let after = if after > newest { 0 } else { after };
    let rows = Entity::find()
        .filter(Column::Id.gt(after))
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(connection)
        .await
        .map_err(failed)?;
    let last = rows.last().map_or(after, |row| row.id);
    let more = rows.len() as u64 == limit;
    let revocations = rows.into_iter().map(revocation).collect::<Result<_, _>>()?;
    Ok(News { revocations, position: position::position(epoch, last), more })
}

async fn by_snapshot(
    connection: &impl ConnectionTrait,
    epoch: i64,
    mut seen: Paging,
    limit: u64,
) -> Result<News, StoreError> {
    loop {
        let values = [seen.last.into(), seen.since.to_string().into(), limit.cast_signed().into()];
        let rows = Statement::from_sql_and_values(DbBackend::Postgres, UNSEEN, values);
        let rows = Unseen::find_by_statement(rows).all(connection).await.map_err(failed)?;
        let now = rows.first().and_then(|row| Snapshot::parse(&row.now));
        let now = now.ok_or_else(|| crate::database::error::corrupt("a snapshot"))?;
        if seen.is_ahead_of(&now) {
            // From a database that was put back to an earlier state since: what the reader has seen is unknown.
            seen = Paging::default();
            continue;
        }
        let rows: Vec<Model> = rows.into_iter().filter_map(Unseen::row).collect();
        let last = rows.last().map(|row| row.id).filter(|_| rows.len() as u64 == limit);
        let position = position::position(epoch, seen.onward(now, last));
        let revocations = rows.into_iter().map(revocation).collect::<Result<_, _>>()?;
        return Ok(News { revocations, position, more: last.is_some() });
    }
}

impl Unseen {
    fn row(self) -> Option<Model> {
        Some(Model {
            id: self.id?,
            session_id: self.session_id?,
            user_id: self.user_id?,
            revoked_at: self.revoked_at?,
        })
    }
}

fn revocation(row: Model) -> Result<Revocation, StoreError> {
    Ok(Revocation {
        session: SessionId(row.session_id),
        user: UserId(row.user_id),
        at: time(row.revoked_at)?,
    })
}
