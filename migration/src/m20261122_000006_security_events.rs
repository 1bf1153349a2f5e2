//! `security_events`: append-only, and without foreign keys, because events outlive what they are about.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum SecurityEvents {
    Table,
    Id,
    At,
    Kind,
    UserId,
    SessionId,
    Ip,
    UserAgent,
    RequestId,
    Detail,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(SecurityEvents::Table)
            .col(ColumnDef::new(SecurityEvents::Id).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(SecurityEvents::At).big_integer().not_null())
            .col(ColumnDef::new(SecurityEvents::Kind).text().not_null())
            .col(ColumnDef::new(SecurityEvents::UserId).big_integer().null())
            .col(ColumnDef::new(SecurityEvents::SessionId).uuid().null())
            .col(ColumnDef::new(SecurityEvents::Ip).text().null())
            .col(ColumnDef::new(SecurityEvents::UserAgent).text().null())
            .col(ColumnDef::new(SecurityEvents::RequestId).text().null())
            .col(ColumnDef::new(SecurityEvents::Detail).text().null())
            .take();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(SecurityEvents::Table).take()).await
    }
}
