//! Logouts on their way to clients. A claim is one statement, so that of any number of replicas one gets it.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use async_trait::async_trait;
use keyward_domain::model::logouts::{Backlog, ClaimedLogout, LogoutId, LogoutRepository, MOST_OF_ACCOUNT};
use keyward_domain::model::outbox::Recipients;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::{SessionId, UserId};
use keyward_domain::values::logout_uri::Backchannel;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict, Order, Query};
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QueryFilter,
    QuerySelect, Statement,
};
use time::OffsetDateTime;

use super::clients::client_id;
use crate::database::columns::{micros, time, without_nul};
use crate::database::connections::Connections;
use crate::database::db::Db;
use crate::database::error::failed;
use crate::entity::logouts::{ActiveModel, Column, Entity, Model};
use crate::entity::{clients, sessions};

/// How much is kept of why an attempt failed, in characters.
const LONGEST_ERROR: usize = 300;
/// How many rows one statement inserts: databases bound the number of parameters.
const ROWS: usize = 1000;

const DUE_RECEIVERS: &str = "
WITH RECURSIVE known (receiver) AS (
    SELECT min(receiver) FROM logouts
    UNION ALL
    SELECT (SELECT min(further.receiver) FROM logouts AS further WHERE further.receiver > known.receiver)
    FROM known WHERE known.receiver IS NOT NULL
)
SELECT receiver FROM known
WHERE receiver IS NOT NULL AND receiver NOT IN ({others})
AND EXISTS (SELECT 1 FROM logouts AS own WHERE own.receiver = known.receiver AND own.at <= $1)
LIMIT 4
";

#[async_trait]
impl<C: Connections> LogoutRepository for Db<C> {
    /// Where some receivers are left out, one of the others is looked up first: rows of a receiver that does not answer, however many
    /// are due, are not read.
    async fn claim(
        &mut self,
        to: &Recipients,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Option<ClaimedLogout>, StoreError> {
        let receivers = match to {
            Recipients::AllBut(others) if others.is_empty() => {
                return claim_next(self.write(), None, now, until).await;
            }
            Recipients::AllBut(others) => due_receivers(self.read(), others, now).await?,
            Recipients::Only(these) => these.clone(),
        };
        for receiver in receivers {
            // `None` where none is due, or where another server was faster.
            let claimed = claim_next(self.write(), Some(&receiver), now, until).await?;
            if claimed.is_some() {
                return Ok(claimed);
            }
        }
        Ok(None)
    }

    async fn settle(&mut self, id: LogoutId, until: OffsetDateTime) -> Result<bool, StoreError> {
        let removal = Entity::delete_by_id(id.0).filter(Column::At.eq(micros(until)));
        Ok(removal.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn postpone(
        &mut self,
        id: LogoutId,
        until: OffsetDateTime,
        at: OffsetDateTime,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let reason: String = without_nul(reason).chars().take(LONGEST_ERROR).collect();
        let update = Entity::update_many()
            .col_expr(Column::At, Expr::value(micros(at)))
            .col_expr(Column::LastError, Expr::value(reason))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1_i64))
            .filter(Column::Id.eq(id.0))
            .filter(Column::At.eq(micros(until)));
        Ok(update.exec(self.write()).await.map_err(failed)?.rows_affected > 0)
    }

    async fn backlog(&mut self) -> Result<Backlog, StoreError> {
        let waiting = Entity::find().count(self.read()).await.map_err(failed)?;
        let failing = Entity::find().filter(Column::LastError.is_not_null());
        Ok(Backlog { waiting, failing: failing.count(self.read()).await.map_err(failed)? })
    }
}

/// Some receivers of logouts that are due, apart from these. One step of the index leads from each receiver to the next, until there
/// are enough. A receiver whose slots are taken is among `others` at the next claim, so all have their turn.
async fn due_receivers(
    connection: &impl ConnectionTrait,
    others: &[String],
    now: OffsetDateTime,
) -> Result<Vec<String>, StoreError> {
    let backend = connection.get_database_backend();
    let places: Vec<String> = (2..others.len() + 2).map(|place| format!("${place}")).collect();
    let sql = DUE_RECEIVERS.replace("{others}", &places.join(", "));
    let values = iter::once(micros(now).into()).chain(others.iter().map(|other| other.as_str().into()));
    let due = Statement::from_sql_and_values(backend, sql, values);
    let rows = connection.query_all_raw(due).await.map_err(failed)?;
    rows.iter().map(|row| row.try_get("", "receiver").map_err(failed)).collect()
}

/// Claims the logout that is due longest, of those to this receiver if there is one.
///
/// The condition stands there twice: PostgreSQL looks at the outer one again after it has waited for a row.
async fn claim_next(
    connection: &impl ConnectionTrait,
    receiver: Option<&str>,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Option<ClaimedLogout>, StoreError> {
    let due = || Column::At.lte(micros(now));
    let mut next = Query::select();
    next.column(Column::Id).from(Entity).and_where(due()).order_by(Column::At, Order::Asc).limit(1);
    if let Some(receiver) = receiver {
        next.and_where(Column::Receiver.eq(receiver));
    }
    if connection.get_database_backend() == DbBackend::Postgres {
        next.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    let claim = Entity::update_many()
        .col_expr(Column::At, Expr::value(micros(until)))
        .filter(Expr::col(Column::Id).eq(Expr::from(next)))
        .filter(due());
    let rows = claim.exec_with_returning(connection).await.map_err(failed)?;
    rows.into_iter().next().map(claimed).transpose()
}

/// Writes a logout for each of these sessions that have just ended and whose client has a URI for it, and for each session of a client
/// that was opened in one of them and goes on. Returns whether any was written.
///
/// What an account has waiting for a client is bounded; beyond that the client gets none.
pub(crate) async fn enqueue(
    connection: &impl ConnectionTrait,
    ended: &[sessions::Model],
) -> Result<bool, StoreError> {
    let browsers = ended.iter().filter(|session| session.client_id.is_none()).map(|session| session.id);
    let beyond = of_browsers(connection, browsers.collect()).await?;
    let over = ended.iter().chain(&beyond);
    let over: Vec<_> = over.filter_map(|session| Some((session, session.client_id.as_deref()?))).collect();
    let receivers = receivers(connection, over.iter().map(|(_, client)| *client).collect()).await?;
    if receivers.is_empty() {
        return Ok(false);
    }
    let at = ended.iter().find_map(|session| session.revoked_at).unwrap_or_default();
    let over: Vec<_> = over.into_iter().filter(|(_, client)| receivers.contains_key(*client)).collect();
    let mut waiting = waiting(connection, over.iter().map(|(session, _)| session.user_id).collect()).await?;
    let mut rows = Vec::new();
    for (session, client) in over {
        let Some(receiver) = receivers.get(client) else { continue };
        let waiting = waiting.entry((session.user_id, client.to_owned())).or_default();
        if *waiting >= MOST_OF_ACCOUNT {
            tracing::warn!(
                user = session.user_id,
                client,
                "too many logouts of this account wait: one is dropped"
            );
            continue;
        }
        *waiting += 1;
        rows.push(ActiveModel {
            id: ActiveValue::NotSet,
            session_id: ActiveValue::Set(session.id),
            user_id: ActiveValue::Set(session.user_id),
            client_id: ActiveValue::Set(client.to_owned()),
            receiver: ActiveValue::Set(receiver.clone()),
            created_at: ActiveValue::Set(at),
            at: ActiveValue::Set(at),
            attempts: ActiveValue::Set(0),
            last_error: ActiveValue::Set(None),
        });
    }
    // In one order everywhere, so that two transactions do not wait for each other in a circle.
    rows.sort_unstable_by_key(|row| row.session_id.try_as_ref().copied());
    let any = !rows.is_empty();
    while !rows.is_empty() {
        let some = rows.split_off(rows.len().saturating_sub(ROWS));
        // A session that goes on after its browser session ends a second time: that end is another one, also for a claim under way.
        let anew = OnConflict::column(Column::SessionId)
            .update_columns([
                Column::Receiver,
                Column::CreatedAt,
                Column::At,
                Column::Attempts,
                Column::LastError,
            ])
            .to_owned();
        let insert = Entity::insert_many(some).on_conflict(anew);
        insert.exec_without_returning(connection).await.map_err(failed)?;
    }
    Ok(any)
}

/// How many logouts of these accounts wait, for each account and client.
async fn waiting(
    connection: &impl ConnectionTrait,
    users: BTreeSet<i64>,
) -> Result<BTreeMap<(i64, String), u64>, StoreError> {
    let counts = Entity::find()
        .select_only()
        .columns([Column::UserId, Column::ClientId])
        .column_as(Column::Id.count(), "waiting")
        .filter(Column::UserId.is_in(users))
        .group_by(Column::UserId)
        .group_by(Column::ClientId);
    let counts: Vec<(i64, String, i64)> = counts.into_tuple().all(connection).await.map_err(failed)?;
    Ok(counts.into_iter().map(|(user, client, waiting)| ((user, client), waiting.unsigned_abs())).collect())
}

/// The sessions that stand and that clients were granted beyond these browser sessions.
async fn of_browsers(
    connection: &impl ConnectionTrait,
    browsers: Vec<sea_orm::prelude::Uuid>,
) -> Result<Vec<sessions::Model>, StoreError> {
    if browsers.is_empty() {
        return Ok(Vec::new());
    }
    let opened = sessions::Entity::find()
        .filter(sessions::Column::OpenedIn.is_in(browsers))
        .filter(sessions::Column::RevokedAt.is_null());
    opened.all(connection).await.map_err(failed)
}

/// Which of these clients have a URI for logouts, and the receivers behind them. None of them is removed before the transaction has ended.
async fn receivers(
    connection: &impl ConnectionTrait,
    clients: BTreeSet<&str>,
) -> Result<BTreeMap<String, String>, StoreError> {
    use clients::Column;
    if clients.is_empty() {
        return Ok(BTreeMap::new());
    }
    let told = clients::Entity::find()
        .select_only()
        .columns([Column::Id, Column::BackchannelLogoutUri])
        .filter(Column::Id.is_in(clients))
        .filter(Column::BackchannelLogoutUri.ne(""))
        .lock(LockType::KeyShare);
    let told: Vec<(String, String)> = told.into_tuple().all(connection).await.map_err(failed)?;
    let receiver = |(client, uri): (String, String)| match Backchannel::parse(&uri) {
        Ok(uri) => uri.0.map(|uri| (client, uri.receiver())),
        // Ending a session must not fail for what a client was registered with.
        Err(error) => {
            tracing::warn!(client, %error, "the URI for logouts of a client cannot be used");
            None
        }
    };
    Ok(told.into_iter().filter_map(receiver).collect())
}

fn claimed(row: Model) -> Result<ClaimedLogout, StoreError> {
    Ok(ClaimedLogout {
        id: LogoutId(row.id),
        until: time(row.at)?,
        attempt: u32::try_from(row.attempts).unwrap_or(u32::MAX).saturating_add(1),
        session: SessionId(row.session_id),
        user: UserId(row.user_id),
        client: client_id(&row.client_id)?,
        ended_at: time(row.created_at)?,
        receiver: row.receiver,
    })
}
