//! An index of the sessions that stand, by account and by when they were last seen, to count them and to end those unseen
//! longest.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const INDEX: &str = "
CREATE INDEX ix_sessions_standing ON sessions (user_id, last_seen_at, id) WHERE revoked_at IS NULL
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(INDEX).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX ix_sessions_standing").await.map(drop)
    }
}
