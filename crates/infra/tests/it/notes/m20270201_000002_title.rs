//! `notes` get a title.

use keyward_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Notes {
    Table,
    Title,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let title = ColumnDef::new(Notes::Title).text().not_null().default("untitled").take();
        manager.alter_table(Table::alter().table(Notes::Table).add_column(title).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table(Notes::Table).drop_column(Notes::Title).take()).await
    }
}
