//! `spent`: the ids of what is good once, such as the token between a password and a code. A row is written in the transaction
//! that the thing counts in, so of two at once one fails; it is kept until the thing has expired.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Spent {
    Table,
    Id,
    ExpiresAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Spent::Table)
            .col(ColumnDef::new(Spent::Id).blob().not_null().primary_key())
            .col(ColumnDef::new(Spent::ExpiresAt).big_integer().not_null())
            .take();
        manager.create_table(table).await?;
        let expiry =
            Index::create().name("ix_spent_expires_at").table(Spent::Table).col(Spent::ExpiresAt).take();
        manager.create_index(expiry).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Spent::Table).take()).await
    }
}
