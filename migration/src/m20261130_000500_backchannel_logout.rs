//! What back-channel logout adds: where clients are told of ended sessions, which browser session a session with `offline_access` was
//! opened in, and `logouts`, those that wait to be delivered. A logout outlives its account, and goes with its client.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Clients {
    Table,
    Id,
    BackchannelLogoutUri,
    BackchannelLogoutSessionRequired,
}

#[derive(DeriveIden)]
enum Sessions {
    Table,
    OpenedIn,
}

#[derive(DeriveIden)]
enum Logouts {
    Table,
    Id,
    SessionId,
    UserId,
    ClientId,
    Receiver,
    CreatedAt,
    At,
    Attempts,
    LastError,
}

/// Most sessions are not in it.
const OPENED: &str = "
CREATE INDEX ix_sessions_opened_in ON sessions (opened_in) WHERE opened_in IS NOT NULL AND revoked_at IS NULL
";

fn clients() -> [ColumnDef; 2] {
    [
        ColumnDef::new(Clients::BackchannelLogoutUri).text().not_null().default("").take(),
        ColumnDef::new(Clients::BackchannelLogoutSessionRequired).boolean().not_null().default(false).take(),
    ]
}

fn logouts() -> TableCreateStatement {
    let number = |name| ColumnDef::new(name).big_integer().not_null().take();
    let text = |name| ColumnDef::new(name).text().not_null().take();
    let mut client = ForeignKey::create()
        .name("fk_logouts_client_id")
        .from(Logouts::Table, Logouts::ClientId)
        .to(Clients::Table, Clients::Id)
        .on_delete(ForeignKeyAction::Cascade)
        .take();
    Table::create()
        .table(Logouts::Table)
        .col(ColumnDef::new(Logouts::Id).big_integer().not_null().auto_increment().primary_key())
        .col(ColumnDef::new(Logouts::SessionId).uuid().not_null())
        .col(number(Logouts::UserId))
        .col(text(Logouts::ClientId))
        .col(text(Logouts::Receiver))
        .col(number(Logouts::CreatedAt))
        .col(number(Logouts::At))
        .col(number(Logouts::Attempts))
        .col(ColumnDef::new(Logouts::LastError).text())
        .foreign_key(&mut client)
        .take()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for mut column in clients() {
            manager.alter_table(Table::alter().table(Clients::Table).add_column(&mut column).take()).await?;
        }
        let mut opened = ColumnDef::new(Sessions::OpenedIn).uuid().null().take();
        manager.alter_table(Table::alter().table(Sessions::Table).add_column(&mut opened).take()).await?;
        manager.get_connection().execute_unprepared(OPENED).await?;
        manager.create_table(logouts()).await?;
        let session = Index::create()
            .name("ux_logouts_session_id")
            .table(Logouts::Table)
            .col(Logouts::SessionId)
            .unique()
            .take();
        manager.create_index(session).await?;
        for (name, column) in [
            ("ix_logouts_at", Logouts::At),
            ("ix_logouts_created_at", Logouts::CreatedAt),
            ("ix_logouts_user_id", Logouts::UserId),
            ("ix_logouts_client_id", Logouts::ClientId),
        ] {
            manager.create_index(Index::create().name(name).table(Logouts::Table).col(column).take()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Logouts::Table).take()).await?;
        manager.get_connection().execute_unprepared("DROP INDEX ix_sessions_opened_in").await?;
        manager
            .alter_table(Table::alter().table(Sessions::Table).drop_column(Sessions::OpenedIn).take())
            .await?;
        for column in [Clients::BackchannelLogoutUri, Clients::BackchannelLogoutSessionRequired] {
            manager.alter_table(Table::alter().table(Clients::Table).drop_column(column).take()).await?;
        }
        Ok(())
    }
}
