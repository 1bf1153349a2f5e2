//! Finds the logout that is due longest of each receiver, past all those of a receiver that does not answer.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Logouts {
    Table,
    Receiver,
    At,
}

const NAME: &str = "ix_logouts_receiver_at";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index =
            Index::create().name(NAME).table(Logouts::Table).col(Logouts::Receiver).col(Logouts::At).take();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(NAME).table(Logouts::Table).to_owned()).await
    }
}
