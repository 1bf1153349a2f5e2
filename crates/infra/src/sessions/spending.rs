//! Spending refresh tokens. On SQLite each takes one statement; on PostgreSQL all take one together. That waits for no row: a
//! session that another transaction has locked counts as one that is not as it has to be, so that it holds up no other
//! session, and nothing ever waits in a circle.

use std::collections::HashMap;
use std::fmt::Write;

use keyward_domain::model::sessions::{LiveSession, Spend, Spent};
use keyward_domain::model::store_error::StoreError;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, QueryResult, Statement, Value};
use uuid::Uuid;

use super::rows::{LiveRow, live, spendable};
use crate::database::columns::micros;
use crate::database::error::failed;

const ONE: &str = "
UPDATE sessions SET counter = counter + 1, last_seen_at = $1
WHERE id = $2 AND counter = $3 AND salt = $4 AND revoked_at IS NULL
  AND last_seen_at > $5 AND created_at > $6 AND client_id IS NULL AND parent_id IS NULL AND dpop_jkt IS NULL
  AND EXISTS (SELECT 1 FROM users WHERE users.id = sessions.user_id AND NOT users.disabled)
RETURNING id, user_id, scope, client_id, counter, salt, user_agent, ip, created_at, last_seen_at, revoked_at,
  end_reason, amr, auth_at, parent_id, opened_in, audience, dpop_jkt,
  (SELECT users.role FROM users WHERE users.id = sessions.user_id) AS role
";

/// Lists are texts with a blank between their members, for which every driver has a type. Nothing that is listed has a blank in
/// it.
///
/// The lateral subquery looks up each session by the primary key. With a plain join the planner scans all live sessions once a batch
/// while it has no statistics of the table, by the partial index on `revoked_at IS NULL`; `coalesce` makes that index unusable.
const ALL: &str = "
WITH asked AS (
  SELECT * FROM unnest(
    string_to_array($1, ' ')::uuid[], string_to_array($2, ' ')::bigint[], string_to_array($3, ' '),
    string_to_array($4, ' ')::bigint[], string_to_array($5, ' ')::bigint[], string_to_array($6, ' ')::bigint[]
  ) AS asked (id, counter, salt, now, seen_after, created_after)
), held AS (
  SELECT live.id, asked.now, users.role FROM asked
  CROSS JOIN LATERAL (
    SELECT sessions.id, sessions.user_id FROM sessions
    WHERE sessions.id = asked.id AND sessions.counter = asked.counter
      AND sessions.salt = decode(asked.salt, 'hex') AND coalesce(sessions.revoked_at, -1) = -1
      AND sessions.last_seen_at > asked.seen_after AND sessions.created_at > asked.created_after
      AND sessions.client_id IS NULL AND sessions.parent_id IS NULL AND sessions.dpop_jkt IS NULL
    FOR NO KEY UPDATE SKIP LOCKED
  ) AS live
  JOIN users ON users.id = live.user_id AND NOT users.disabled
)
UPDATE sessions SET counter = sessions.counter + 1, last_seen_at = held.now
FROM held WHERE sessions.id = held.id
RETURNING sessions.id, sessions.user_id, sessions.scope, sessions.client_id, sessions.counter, sessions.salt,
  sessions.user_agent, sessions.ip, sessions.created_at, sessions.last_seen_at, sessions.revoked_at,
  sessions.end_reason, sessions.amr, sessions.auth_at, sessions.parent_id, sessions.opened_in,
  sessions.audience, sessions.dpop_jkt, held.role
";

/// Spends tokens of different sessions. Returns the outcomes in their order.
pub(super) async fn spend(
    connection: &impl ConnectionTrait,
    tokens: &[Spend],
) -> Result<Vec<Spent>, StoreError> {
    if connection.get_database_backend() == DbBackend::Postgres {
        return all(connection, tokens).await;
    }
    let mut spent = Vec::with_capacity(tokens.len());
    for token in tokens {
        let row = match values(token) {
            Some(values) => {
                let statement = Statement::from_sql_and_values(DbBackend::Sqlite, ONE, values);
                // All of its rows, of which there is one at most: only at its end is the statement committed.
                connection.query_all_raw(statement).await.map_err(failed)?.pop()
            }
            None => None,
        };
        spent.push(row.map(|row| read(&row)).transpose());
    }
    Ok(spent)
}

/// The values of [`ONE`]; `None` for a counter that no session has.
fn values(token: &Spend) -> Option<[Value; 6]> {
    Some([
        micros(token.now).into(),
        token.session.0.into(),
        spendable(token.counter)?.into(),
        token.salt.to_vec().into(),
        micros(token.seen_after).into(),
        micros(token.created_after).into(),
    ])
}

async fn all(connection: &impl ConnectionTrait, tokens: &[Spend]) -> Result<Vec<Spent>, StoreError> {
    let mut lists = [const { String::new() }; 6];
    let possible = tokens.iter().filter_map(|token| Some((token, spendable(token.counter)?)));
    for (number, (token, counter)) in possible.enumerate() {
        let blank = if number == 0 { "" } else { " " };
        let [ids, counters, salts, nows, seen, created] = &mut lists;
        // Writing into a string does not fail.
        write!(ids, "{blank}{}", token.session.0).ok();
        write!(counters, "{blank}{counter}").ok();
        write!(salts, "{blank}{:032x}", u128::from_be_bytes(token.salt)).ok();
        write!(nows, "{blank}{}", micros(token.now)).ok();
        write!(seen, "{blank}{}", micros(token.seen_after)).ok();
        write!(created, "{blank}{}", micros(token.created_after)).ok();
    }
    if lists[0].is_empty() {
        return Ok(tokens.iter().map(|_| Ok(None)).collect());
    }
    let values = lists.map(Value::from);
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, ALL, values);
    let rows = connection.query_all_raw(statement).await.map_err(failed)?;
    let mut spent = HashMap::with_capacity(rows.len());
    for row in &rows {
        spent.insert(row.try_get::<Uuid>("", "id").map_err(failed)?, read(row).map(Some));
    }
    Ok(tokens.iter().map(|token| spent.remove(&token.session.0).unwrap_or(Ok(None))).collect())
}

fn read(row: &QueryResult) -> Result<LiveSession, StoreError> {
    LiveRow::from_query_result(row, "").map_err(failed).and_then(live)
}
