//! `users.deleted_at`: when an account was deleted whose rows are still being removed. An index knows these accounts alone.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: [&str; 2] = [
    "ALTER TABLE users ADD COLUMN deleted_at bigint NULL",
    "CREATE INDEX ix_users_deleted ON users (id) WHERE deleted_at IS NOT NULL",
];

const DOWN: [&str; 2] = ["DROP INDEX ix_users_deleted", "ALTER TABLE users DROP COLUMN deleted_at"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, DOWN).await
    }
}

async fn run(manager: &SchemaManager<'_>, statements: [&str; 2]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
