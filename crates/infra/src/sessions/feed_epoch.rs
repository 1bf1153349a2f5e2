//! The epoch of the revocation feed: a random number that changes when the database was put back to an earlier state.
//!
//! A position says what was seen of one history. After a restore there is another one, in which the same row ids (SQLite) or
//! transaction ids (PostgreSQL) are given again; so a position of another epoch counts as the beginning.

use keyward_auth::Random;
use keyward_domain::model::store_error::StoreError;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait};
use time::OffsetDateTime;

use crate::database::columns::micros;
use crate::database::error::failed;

/// Entries that another server wrote, whose transactions lie ahead of this one's: no snapshot would ever show them.
const ENTRIES_AHEAD: &str = "UPDATE revocations SET tx = pg_current_xact_id() \
    WHERE tx >= pg_snapshot_xmax(pg_current_snapshot())";
const EPOCH_AHEAD: &str = "DELETE FROM feed_epoch WHERE tx >= pg_snapshot_xmax(pg_current_snapshot())";
/// No id of an entry is given twice, even if the file was replaced: the next one is beyond all earlier ones.
const SEQUENCE: [&str; 2] = [
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'revocations', 0 \
     WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'revocations')",
    "UPDATE sqlite_sequence SET seq = max(seq, $1) WHERE name = 'revocations'",
];

/// The epoch; 0 where there is none yet.
pub(super) async fn current(connection: &impl ConnectionTrait) -> Result<i64, StoreError> {
    let epoch = Statement::from_string(connection.get_database_backend(), "SELECT epoch FROM feed_epoch");
    let row = connection.query_one_raw(epoch).await.map_err(failed)?;
    row.map_or(Ok(0), |row| row.try_get("", "epoch").map_err(failed))
}

/// Begins another epoch.
///
/// # Errors
/// What the database answered.
pub async fn renew(connection: &impl ConnectionTrait, random: &dyn Random) -> Result<(), StoreError> {
    connection.execute_unprepared("DELETE FROM feed_epoch").await.map_err(failed)?;
    make(connection, random).await
}

/// Makes the feed ready at the start of a server: begins an epoch if there is none, or if the database was put back to an
/// earlier state on another server.
///
/// # Errors
/// What the database answered.
pub async fn settle(
    connection: &DatabaseConnection,
    now: OffsetDateTime,
    random: &dyn Random,
) -> Result<(), StoreError> {
    let tx = connection.begin().await.map_err(failed)?;
    if tx.get_database_backend() == DbBackend::Sqlite {
        let [row, forward] = SEQUENCE;
        tx.execute_unprepared(row).await.map_err(failed)?;
        let forward = Statement::from_sql_and_values(DbBackend::Sqlite, forward, [micros(now).into()]);
        tx.execute_raw(forward).await.map_err(failed)?;
    } else {
        let moved = tx.execute_unprepared(ENTRIES_AHEAD).await.map_err(failed)?.rows_affected();
        let epoch = if moved > 0 { "DELETE FROM feed_epoch" } else { EPOCH_AHEAD };
        tx.execute_unprepared(epoch).await.map_err(failed)?;
    }
    make(&tx, random).await?;
    tx.commit().await.map_err(failed)
}

/// Writes the epoch, if there is none.
async fn make(connection: &impl ConnectionTrait, random: &dyn Random) -> Result<(), StoreError> {
    let mut epoch = [0; 8];
    random.fill(&mut epoch);
    // Positive: 0 stands for none.
    let epoch = (i64::from_be_bytes(epoch) & i64::MAX) | 1;
    let insert = "INSERT INTO feed_epoch (id, epoch) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
    let insert = Statement::from_sql_and_values(connection.get_database_backend(), insert, [epoch.into()]);
    connection.execute_raw(insert).await.map(drop).map_err(failed)
}
