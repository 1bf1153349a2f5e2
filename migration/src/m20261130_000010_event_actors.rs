//! Who did what a security event records, and through what: two columns that rows from before do not fill.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum SecurityEvents {
    Table,
    Actor,
    Via,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        for column in [SecurityEvents::Actor, SecurityEvents::Via] {
            let added = ColumnDef::new(column).text().null().take();
            let change = Table::alter().table(SecurityEvents::Table).add_column(added).take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [SecurityEvents::Actor, SecurityEvents::Via] {
            let change = Table::alter().table(SecurityEvents::Table).drop_column(column).take();
            manager.alter_table(change).await?;
        }
        Ok(())
    }
}
