//! A connection pooler in front of PostgreSQL, such as PgBouncer: whether a connection to it is one
//! connection to the server.
//!
//! Prepared statements, `LISTEN` and settings of a session live in the server's connection. A pooler that
//! hands that to another client after every transaction breaks them all.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Error as SqlxError, Row, raw_sql};

/// How often it is looked at: other clients of a pooler may hide the exchange once.
const ROUNDS: u32 = 3;
/// What has to be set where there is a pooler.
const SETTINGS: &str =
    "PgBouncer needs pool_mode = session and ignore_startup_parameters = extra_float_digits,options";

/// Refuses a pooler that exchanges the server's connections between transactions. A server that cannot be
/// asked within
/// `limit` is not refused.
pub(crate) async fn refuse_exchange(server: &PgConnectOptions, limit: Duration) -> Result<(), String> {
    match tokio::time::timeout(limit, is_exchanged(server)).await {
        Ok(Ok(true)) => Err(format!(
            "a pooler in front of it gives every transaction another connection to the server; {SETTINGS}"
        )),
        _ => Ok(()),
    }
}

/// The reason of a refused connection, with what to set where a pooler does not know our parameters.
pub(crate) fn explain(reason: String) -> String {
    if reason.contains("unsupported startup parameter") { format!("{reason}; {SETTINGS}") } else { reason }
}

/// Whether a connection's server process is another's, or changes while another client has a transaction
/// open.
async fn is_exchanged(server: &PgConnectOptions) -> Result<bool, SqlxError> {
    let mut one = PgConnection::connect_with(server).await?;
    let mut other = PgConnection::connect_with(server).await?;
    let mut exchanged = false;
    for _ in 0..ROUNDS {
        let before = process(&mut one).await?;
        // A pooler of statements takes no transaction at all.
        if let Err(SqlxError::Database(_)) = raw_sql("BEGIN").execute(&mut other).await {
            exchanged = true;
            break;
        }
        let meanwhile = process(&mut other).await?;
        let after = process(&mut one).await?;
        raw_sql("ROLLBACK").execute(&mut other).await?;
        // What has no processes may say 0 of all.
        if before > 0 && (before == meanwhile || before != after) {
            exchanged = true;
            break;
        }
    }
    drop(one.close().await);
    drop(other.close().await);
    Ok(exchanged)
}

/// The id of the server's process behind a connection. Asked without a prepared statement, which would be
/// lost.
async fn process(connection: &mut PgConnection) -> Result<i32, SqlxError> {
    raw_sql("SELECT pg_backend_pid()").fetch_one(connection).await?.try_get(0)
}
