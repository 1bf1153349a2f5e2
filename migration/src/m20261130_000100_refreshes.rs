//! Refreshes change no index: the sweep goes by the day a session was last seen in, which the database counts by itself, also
//! for a program of the version before. Pages of PostgreSQL keep room for the next version of a row.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The fill factor first, for the column has every page written anew.
const POSTGRES: &str = "
ALTER TABLE sessions SET (fillfactor = 75);
ALTER TABLE sessions ADD COLUMN seen_day BIGINT GENERATED ALWAYS AS (last_seen_at / 86400000000) STORED
";

/// SQLite adds no stored column; its index holds the values.
const SQLITE: &str = "
ALTER TABLE sessions ADD COLUMN seen_day BIGINT GENERATED ALWAYS AS (last_seen_at / 86400000000) VIRTUAL
";

const INDEXES: &str = "
DROP INDEX ix_sessions_last_seen_at;
DROP INDEX ix_sessions_standing;
CREATE INDEX ix_sessions_seen_day ON sessions (seen_day);
CREATE INDEX ix_sessions_standing ON sessions (user_id, id) WHERE revoked_at IS NULL
";

const BEFORE: &str = "
DROP INDEX ix_sessions_seen_day;
DROP INDEX ix_sessions_standing;
ALTER TABLE sessions DROP COLUMN seen_day;
CREATE INDEX ix_sessions_last_seen_at ON sessions (last_seen_at);
CREATE INDEX ix_sessions_standing ON sessions (user_id, last_seen_at, id) WHERE revoked_at IS NULL
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let postgres = manager.get_database_backend() == DbBackend::Postgres;
        connection.execute_unprepared(if postgres { POSTGRES } else { SQLITE }).await?;
        connection.execute_unprepared(INDEXES).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Postgres {
            connection.execute_unprepared("ALTER TABLE sessions RESET (fillfactor)").await?;
        }
        connection.execute_unprepared(BEFORE).await.map(drop)
    }
}
