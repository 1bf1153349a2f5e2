//! The database server's clock.

use keyward_domain::model::store_error::StoreError;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use time::OffsetDateTime;

use super::columns::time;
use super::error::failed;
use super::store::Database;

impl Database {
    /// The server's time; `None` for SQLite, which has no clock but this machine's.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the server does not answer.
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
