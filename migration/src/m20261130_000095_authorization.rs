//! What the authorization code grant adds: how clients may use it, which grant a session belongs to, and what people agreed to.
//!
//! The defaults are those of clients and sessions from before: no redirect URI, so no authorization request of theirs is accepted.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Clients {
    Table,
    Public,
    RedirectUris,
    LogoutUris,
    Resources,
    IdTokenAlg,
    FirstParty,
}

#[derive(DeriveIden)]
enum Sessions {
    Table,
    ParentId,
    Audience,
}

#[derive(DeriveIden)]
enum Consents {
    Table,
    UserId,
    ClientId,
    Scope,
    Resources,
    AllowedAt,
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
}

/// The sessions that end with a browser session. Most sessions are not in it.
const PARENTS: &str = "
CREATE INDEX ix_sessions_parent_id ON sessions (parent_id) WHERE parent_id IS NOT NULL AND revoked_at IS NULL
";

fn clients() -> [ColumnDef; 6] {
    let text = |name| ColumnDef::new(name).text().not_null().default("").take();
    let flag = |name| ColumnDef::new(name).boolean().not_null().default(false).take();
    [
        flag(Clients::Public),
        text(Clients::RedirectUris),
        text(Clients::LogoutUris),
        text(Clients::Resources),
        ColumnDef::new(Clients::IdTokenAlg).text().null().take(),
        flag(Clients::FirstParty),
    ]
}

fn sessions() -> [ColumnDef; 2] {
    [
        ColumnDef::new(Sessions::ParentId).uuid().null().take(),
        ColumnDef::new(Sessions::Audience).text().null().take(),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for mut column in clients() {
            manager.alter_table(Table::alter().table(Clients::Table).add_column(&mut column).take()).await?;
        }
        for mut column in sessions() {
            manager.alter_table(Table::alter().table(Sessions::Table).add_column(&mut column).take()).await?;
        }
        manager.get_connection().execute_unprepared(PARENTS).await?;
        let mut user = ForeignKey::create()
            .name("fk_consents_user_id")
            .from(Consents::Table, Consents::UserId)
            .to(Users::Table, Users::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let table = Table::create()
            .table(Consents::Table)
            .col(ColumnDef::new(Consents::UserId).big_integer().not_null())
            .col(ColumnDef::new(Consents::ClientId).text().not_null())
            .col(ColumnDef::new(Consents::Scope).text().not_null())
            .col(ColumnDef::new(Consents::Resources).text().not_null())
            .col(ColumnDef::new(Consents::AllowedAt).big_integer().not_null())
            .primary_key(Index::create().col(Consents::UserId).col(Consents::ClientId))
            .foreign_key(&mut user)
            .take();
        manager.create_table(table).await?;
        let client = Index::create()
            .name("ix_consents_client_id")
            .table(Consents::Table)
            .col(Consents::ClientId)
            .take();
        manager.create_index(client).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Consents::Table).take()).await?;
        manager.get_connection().execute_unprepared("DROP INDEX ix_sessions_parent_id").await?;
        for column in [Sessions::ParentId, Sessions::Audience] {
            manager.alter_table(Table::alter().table(Sessions::Table).drop_column(column).take()).await?;
        }
        for column in [
            Clients::Public,
            Clients::RedirectUris,
            Clients::LogoutUris,
            Clients::Resources,
            Clients::IdTokenAlg,
            Clients::FirstParty,
        ] {
            manager.alter_table(Table::alter().table(Clients::Table).drop_column(column).take()).await?;
        }
        Ok(())
    }
}
