//! `totp_factors`, `totp_offers` and `recovery_codes`: second factors of accounts, and enrolments that were not confirmed yet.
//! They go with their user. Secrets are sealed; of a recovery code only the hash is kept.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum TotpFactors {
    Table,
    UserId,
    Secret,
    LastStep,
    Since,
}

#[derive(DeriveIden)]
enum TotpOffers {
    Table,
    UserId,
    Secret,
    ExpiresAt,
}

#[derive(DeriveIden)]
enum RecoveryCodes {
    Table,
    UserId,
    Hash,
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut user = of_user("fk_totp_factors_user_id", TotpFactors::Table, TotpFactors::UserId);
        let factors = Table::create()
            .table(TotpFactors::Table)
            .col(ColumnDef::new(TotpFactors::UserId).big_integer().not_null().primary_key())
            .col(ColumnDef::new(TotpFactors::Secret).blob().not_null())
            .col(ColumnDef::new(TotpFactors::LastStep).big_integer().not_null())
            .col(ColumnDef::new(TotpFactors::Since).big_integer().not_null())
            .foreign_key(&mut user)
            .take();
        manager.create_table(factors).await?;
        let mut user = of_user("fk_totp_offers_user_id", TotpOffers::Table, TotpOffers::UserId);
        let offers = Table::create()
            .table(TotpOffers::Table)
            .col(ColumnDef::new(TotpOffers::UserId).big_integer().not_null().primary_key())
            .col(ColumnDef::new(TotpOffers::Secret).blob().not_null())
            .col(ColumnDef::new(TotpOffers::ExpiresAt).big_integer().not_null())
            .foreign_key(&mut user)
            .take();
        manager.create_table(offers).await?;
        let expiry = Index::create()
            .name("ix_totp_offers_expires_at")
            .table(TotpOffers::Table)
            .col(TotpOffers::ExpiresAt)
            .take();
        manager.create_index(expiry).await?;
        let mut user = of_user("fk_recovery_codes_user_id", RecoveryCodes::Table, RecoveryCodes::UserId);
        let codes = Table::create()
            .table(RecoveryCodes::Table)
            .col(ColumnDef::new(RecoveryCodes::UserId).big_integer().not_null())
            .col(ColumnDef::new(RecoveryCodes::Hash).blob().not_null())
            .primary_key(Index::create().col(RecoveryCodes::UserId).col(RecoveryCodes::Hash))
            .foreign_key(&mut user)
            .take();
        manager.create_table(codes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(RecoveryCodes::Table).take()).await?;
        manager.drop_table(Table::drop().table(TotpOffers::Table).take()).await?;
        manager.drop_table(Table::drop().table(TotpFactors::Table).take()).await
    }
}

fn of_user<T: IntoIden + 'static>(name: &str, table: T, column: T) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table, column)
        .to(Users::Table, Users::Id)
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}
