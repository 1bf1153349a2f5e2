//! What a database says of itself, for operators: what time it has, and how much its connections are used.

use keyward_domain::store::{PoolUse, StoreError};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, sqlx};
use time::OffsetDateTime;

use crate::Database;
use crate::columns::time;
use crate::error::failed;

impl Database {
    /// What time the database server says it is; `None` for SQLite, which has no clock but this machine's.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the server is away.
    pub async fn server_time(&self) -> Result<Option<OffsetDateTime>, StoreError> {
        let connection = self.connection();
        if connection.get_database_backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let question = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now";
        let answer = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, question)).await;
        let row = answer.map_err(failed)?;
        row.map(|row| time(row.try_get("", "now").map_err(failed)?)).transpose()
    }
}

/// How much the connections of each pool are used; on PostgreSQL both are one.
pub(crate) fn pools(reader: &DatabaseConnection, writer: &DatabaseConnection) -> Vec<PoolUse> {
    match reader.get_database_backend() {
        DbBackend::Sqlite => vec![
            pool_use("reader", reader.get_sqlite_connection_pool()),
            pool_use("writer", writer.get_sqlite_connection_pool()),
        ],
        _ => vec![pool_use("both", reader.get_postgres_connection_pool())],
    }
}

fn pool_use<D: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<D>) -> PoolUse {
    PoolUse {
        name,
        open: pool.size().into(),
        idle: pool.num_idle().try_into().unwrap_or(u64::MAX),
        most: pool.options().get_max_connections().into(),
    }
}
