//! An index of the sessions that were opened through a client, to end them when it is removed. Most sessions are not in it.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const INDEX: &str = "
CREATE INDEX ix_sessions_client_id ON sessions (client_id) WHERE client_id IS NOT NULL AND revoked_at IS NULL
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(INDEX).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX ix_sessions_client_id").await.map(drop)
    }
}
