//! `sessions.amr` and `sessions.auth_at`: how and when the user of a session last proved who they are.
//!
//! The defaults are those of sessions from before, and of those that a program of the version before opens meanwhile: a
//! password, at the time of the login.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Sessions {
    Table,
    Amr,
    AuthAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for mut column in [
            ColumnDef::new(Sessions::Amr).text().not_null().default("pwd").take(),
            ColumnDef::new(Sessions::AuthAt).big_integer().null().take(),
        ] {
            manager.alter_table(Table::alter().table(Sessions::Table).add_column(&mut column).take()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [Sessions::Amr, Sessions::AuthAt] {
            manager.alter_table(Table::alter().table(Sessions::Table).drop_column(column).take()).await?;
        }
        Ok(())
    }
}
