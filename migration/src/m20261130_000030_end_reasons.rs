//! `sessions.end_reason`: why a session was ended, where its owner has to be told: `reuse`.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Sessions {
    Table,
    EndReason,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let reason = ColumnDef::new(Sessions::EndReason).text().null().take();
        manager.alter_table(Table::alter().table(Sessions::Table).add_column(reason).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter().table(Sessions::Table).drop_column(Sessions::EndReason).take();
        manager.alter_table(table).await
    }
}
