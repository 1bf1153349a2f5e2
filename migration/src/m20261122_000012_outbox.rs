//! `outbox`: mails on their way. What a mail says is encrypted, and goes once it was sent.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Outbox {
    Table,
    Id,
    Reference,
    Recipient,
    Subject,
    TextPart,
    HtmlPart,
    CreatedAt,
    State,
    At,
    Attempts,
    LastError,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Outbox::Table)
            .col(ColumnDef::new(Outbox::Id).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(Outbox::Reference).uuid().not_null())
            .col(ColumnDef::new(Outbox::Recipient).text().not_null())
            .col(ColumnDef::new(Outbox::Subject).text().not_null())
            .col(ColumnDef::new(Outbox::TextPart).blob().not_null())
            .col(ColumnDef::new(Outbox::HtmlPart).blob().not_null())
            .col(ColumnDef::new(Outbox::CreatedAt).big_integer().not_null())
            .col(ColumnDef::new(Outbox::State).text().not_null())
            // When it is due, or when it came to its last state.
            .col(ColumnDef::new(Outbox::At).big_integer().not_null())
            .col(ColumnDef::new(Outbox::Attempts).big_integer().not_null())
            .col(ColumnDef::new(Outbox::LastError).text().null())
            .take();
        manager.create_table(table).await?;
        let due = Index::create()
            .name("ix_outbox_state_at")
            .table(Outbox::Table)
            .col(Outbox::State)
            .col(Outbox::At)
            .take();
        manager.create_index(due).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Outbox::Table).take()).await
    }
}
