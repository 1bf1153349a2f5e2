//! `verifications`: addresses that have to be proven, one an account; of the link's token only the hash is kept.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Verifications {
    Table,
    UserId,
    Email,
    TokenHash,
    Tries,
    KeptAt,
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
            .name("fk_verifications_user_id")
            .from(Verifications::Table, Verifications::UserId)
            .to(Users::Table, Users::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let table = Table::create()
            .table(Verifications::Table)
            .col(ColumnDef::new(Verifications::UserId).big_integer().not_null().primary_key())
            .col(ColumnDef::new(Verifications::Email).text().not_null())
            .col(ColumnDef::new(Verifications::TokenHash).blob().not_null())
            .col(ColumnDef::new(Verifications::Tries).big_integer().not_null())
            .col(ColumnDef::new(Verifications::KeptAt).big_integer().not_null())
            .col(ColumnDef::new(Verifications::ExpiresAt).big_integer().not_null())
            .foreign_key(&mut user)
            .take();
        manager.create_table(table).await?;
        let token = Index::create()
            .name("ux_verifications_token_hash")
            .table(Verifications::Table)
            .col(Verifications::TokenHash)
            .unique()
            .take();
        manager.create_index(token).await?;
        let email = Index::create()
            .name("ix_verifications_email")
            .table(Verifications::Table)
            .col(Verifications::Email)
            .take();
        manager.create_index(email).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Verifications::Table).take()).await
    }
}
