//! `api_keys`: what programs send in place of a login. Only the hash of a key is kept. Keys go with their user.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum ApiKeys {
    Table,
    Id,
    UserId,
    Name,
    Scope,
    Hash,
    CreatedAt,
    ExpiresAt,
    LastUsedAt,
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut user = ForeignKey::create()
            .name("fk_api_keys_user_id")
            .from(ApiKeys::Table, ApiKeys::UserId)
            .to(Users::Table, Users::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let table = Table::create()
            .table(ApiKeys::Table)
            .col(ColumnDef::new(ApiKeys::Id).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(ApiKeys::UserId).big_integer().not_null())
            .col(ColumnDef::new(ApiKeys::Name).text().not_null())
            .col(ColumnDef::new(ApiKeys::Scope).text().not_null())
            .col(ColumnDef::new(ApiKeys::Hash).blob().not_null())
            .col(ColumnDef::new(ApiKeys::CreatedAt).big_integer().not_null())
            .col(ColumnDef::new(ApiKeys::ExpiresAt).big_integer())
            .col(ColumnDef::new(ApiKeys::LastUsedAt).big_integer())
            .foreign_key(&mut user)
            .take();
        manager.create_table(table).await?;
        let owner = Index::create()
            .name("ix_api_keys_user_id_id")
            .table(ApiKeys::Table)
            .col(ApiKeys::UserId)
            .col(ApiKeys::Id)
            .take();
        manager.create_index(owner).await?;
        let hash =
            Index::create().name("ux_api_keys_hash").table(ApiKeys::Table).col(ApiKeys::Hash).unique().take();
        manager.create_index(hash).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(ApiKeys::Table).take()).await
    }
}
