//! `passkeys`: the WebAuthn credentials of accounts, with their public keys. They go with their user.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Passkeys {
    Table,
    Id,
    UserId,
    CredentialId,
    UserHandle,
    PublicKey,
    Algorithm,
    Counter,
    BackupEligible,
    Transports,
    Name,
    CreatedAt,
    LastUsedAt,
    ValidSince,
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
            .name("fk_passkeys_user_id")
            .from(Passkeys::Table, Passkeys::UserId)
            .to(Users::Table, Users::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let table = Table::create()
            .table(Passkeys::Table)
            .col(ColumnDef::new(Passkeys::Id).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(Passkeys::UserId).big_integer().not_null())
            .col(ColumnDef::new(Passkeys::CredentialId).blob().not_null())
            .col(ColumnDef::new(Passkeys::UserHandle).blob().not_null())
            .col(ColumnDef::new(Passkeys::PublicKey).blob().not_null())
            .col(ColumnDef::new(Passkeys::Algorithm).big_integer().not_null())
            .col(ColumnDef::new(Passkeys::Counter).big_integer().not_null())
            .col(ColumnDef::new(Passkeys::BackupEligible).boolean().not_null())
            .col(ColumnDef::new(Passkeys::Transports).text().not_null())
            .col(ColumnDef::new(Passkeys::Name).text().not_null())
            .col(ColumnDef::new(Passkeys::CreatedAt).big_integer().not_null())
            .col(ColumnDef::new(Passkeys::LastUsedAt).big_integer().null())
            .col(ColumnDef::new(Passkeys::ValidSince).big_integer().not_null())
            .foreign_key(&mut user)
            .take();
        manager.create_table(table).await?;
        let credential = Index::create()
            .name("ux_passkeys_credential_id")
            .table(Passkeys::Table)
            .col(Passkeys::CredentialId)
            .unique()
            .take();
        manager.create_index(credential).await?;
        let owner = Index::create()
            .name("ix_passkeys_user_id_id")
            .table(Passkeys::Table)
            .col(Passkeys::UserId)
            .col(Passkeys::Id)
            .take();
        manager.create_index(owner).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Passkeys::Table).take()).await
    }
}
