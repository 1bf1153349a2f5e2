//! `recoveries`: tokens for new passwords, of which only the hash is kept; one an address, known or not.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Recoveries {
    Table,
    Owner,
    UserId,
    TokenHash,
    ExpiresAt,
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
            .name("fk_recoveries_user_id")
            .from(Recoveries::Table, Recoveries::UserId)
            .to(Users::Table, Users::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let table = Table::create()
            .table(Recoveries::Table)
            .col(ColumnDef::new(Recoveries::Owner).blob().not_null().primary_key())
            .col(ColumnDef::new(Recoveries::UserId).big_integer().null())
            .col(ColumnDef::new(Recoveries::TokenHash).blob().not_null())
            .col(ColumnDef::new(Recoveries::ExpiresAt).big_integer().not_null())
            .foreign_key(&mut user)
            .take();
        manager.create_table(table).await?;
        let token = Index::create()
            .name("ux_recoveries_token_hash")
            .table(Recoveries::Table)
            .col(Recoveries::TokenHash)
            .unique()
            .take();
        manager.create_index(token).await?;
        let of_user = Index::create()
            .name("ix_recoveries_user_id")
            .table(Recoveries::Table)
            .col(Recoveries::UserId)
            .take();
        manager.create_index(of_user).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Recoveries::Table).take()).await
    }
}
