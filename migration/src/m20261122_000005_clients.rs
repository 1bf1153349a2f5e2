//! `clients`: registered OAuth2 clients.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Clients {
    Table,
    Id,
    Name,
    Scope,
    SecretHash,
    CreatedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Clients::Table)
            .col(ColumnDef::new(Clients::Id).text().not_null().primary_key())
            .col(ColumnDef::new(Clients::Name).text().not_null())
            .col(ColumnDef::new(Clients::Scope).text().not_null())
            .col(ColumnDef::new(Clients::SecretHash).blob().not_null())
            .col(ColumnDef::new(Clients::CreatedAt).big_integer().not_null())
            .take();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Clients::Table).take()).await
    }
}
