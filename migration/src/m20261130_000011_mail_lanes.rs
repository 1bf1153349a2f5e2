//! The lane of a mail in the outbox, and an index in which the mails of one lane that are due come first.
//!
//! Mails from before, and those of the previous version, are in the most urgent lane.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Outbox {
    Table,
    State,
    Lane,
    At,
}

const INDEX: &str = "ix_outbox_state_lane_at";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let lane = ColumnDef::new(Outbox::Lane).big_integer().not_null().default(0).take();
        manager.alter_table(Table::alter().table(Outbox::Table).add_column(lane).take()).await?;
        let index = Index::create()
            .name(INDEX)
            .table(Outbox::Table)
            .col(Outbox::State)
            .col(Outbox::Lane)
            .col(Outbox::At)
            .take();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(INDEX).table(Outbox::Table).to_owned()).await?;
        manager.alter_table(Table::alter().table(Outbox::Table).drop_column(Outbox::Lane).take()).await
    }
}
