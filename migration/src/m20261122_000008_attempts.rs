//! `attempts`: wrong guesses at passwords, and how long the next one has to wait.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Attempts {
    Table,
    Key,
    Failures,
    Wait,
    LastAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Attempts::Table)
            .col(ColumnDef::new(Attempts::Key).blob().not_null().primary_key())
            .col(ColumnDef::new(Attempts::Failures).big_integer().not_null())
            .col(ColumnDef::new(Attempts::Wait).big_integer().not_null())
            .col(ColumnDef::new(Attempts::LastAt).big_integer().not_null())
            .take();
        manager.create_table(table).await?;
        let last =
            Index::create().name("ix_attempts_last_at").table(Attempts::Table).col(Attempts::LastAt).take();
        manager.create_index(last).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Attempts::Table).take()).await
    }
}
