//! `signing_keys`: private keys, encrypted under a master secret that the database never sees.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum SigningKeys {
    Table,
    Kid,
    Algorithm,
    Sealed,
    CreatedAt,
    SignsFrom,
    RetiredAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(SigningKeys::Table)
            .col(ColumnDef::new(SigningKeys::Kid).text().not_null().primary_key())
            .col(ColumnDef::new(SigningKeys::Algorithm).text().not_null())
            .col(ColumnDef::new(SigningKeys::Sealed).blob().not_null())
            .col(ColumnDef::new(SigningKeys::CreatedAt).big_integer().not_null())
            .col(ColumnDef::new(SigningKeys::SignsFrom).big_integer().not_null())
            .col(ColumnDef::new(SigningKeys::RetiredAt).big_integer().null())
            .take();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(SigningKeys::Table).take()).await
    }
}
