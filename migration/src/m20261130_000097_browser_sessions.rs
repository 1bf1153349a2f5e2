//! `browser_sessions`: which sessions are those of a browser, and the hash of the secret in its cookie. A row goes with its session.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum BrowserSessions {
    Table,
    SessionId,
    SecretHash,
}

#[derive(DeriveIden)]
enum Sessions {
    Table,
    Id,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut session = ForeignKey::create()
            .name("fk_browser_sessions_session_id")
            .from(BrowserSessions::Table, BrowserSessions::SessionId)
            .to(Sessions::Table, Sessions::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let table = Table::create()
            .table(BrowserSessions::Table)
            .col(ColumnDef::new(BrowserSessions::SessionId).uuid().not_null().primary_key())
            .col(ColumnDef::new(BrowserSessions::SecretHash).blob().not_null())
            .foreign_key(&mut session)
            .take();
        manager.create_table(table).await?;
        let secret = Index::create()
            .name("ux_browser_sessions_secret_hash")
            .table(BrowserSessions::Table)
            .col(BrowserSessions::SecretHash)
            .unique()
            .take();
        manager.create_index(secret).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(BrowserSessions::Table).take()).await
    }
}
