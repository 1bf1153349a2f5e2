//! `users`: accounts, with the hash of their password.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
    Email,
    Name,
    Role,
    PasswordHash,
    Disabled,
    EmailVerified,
    CreatedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Users::Table)
            .col(ColumnDef::new(Users::Id).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(Users::Email).text().not_null().unique_key())
            .col(ColumnDef::new(Users::Name).text().null())
            .col(ColumnDef::new(Users::Role).text().not_null())
            .col(ColumnDef::new(Users::PasswordHash).text().not_null())
            .col(ColumnDef::new(Users::Disabled).boolean().not_null())
            .col(ColumnDef::new(Users::EmailVerified).boolean().not_null())
            .col(ColumnDef::new(Users::CreatedAt).big_integer().not_null())
            .take();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Users::Table).take()).await
    }
}
