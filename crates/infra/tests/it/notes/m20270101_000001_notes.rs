//! `notes`: what users note down. They are deleted with their owner.

use keyward_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Notes {
    Table,
    Id,
    OwnerId,
    Content,
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut owner = ForeignKey::create()
            .name("fk_notes_owner_id")
            .from(Notes::Table, Notes::OwnerId)
            .to(Users::Table, Users::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let table = Table::create()
            .table(Notes::Table)
            .col(ColumnDef::new(Notes::Id).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(Notes::OwnerId).big_integer().not_null())
            .col(ColumnDef::new(Notes::Content).text().not_null())
            .foreign_key(&mut owner)
            .take();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Notes::Table).take()).await
    }
}
