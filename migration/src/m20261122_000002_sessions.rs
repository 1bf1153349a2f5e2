//! `sessions`: one row a login. It goes with its user.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Sessions {
    Table,
    Id,
    UserId,
    Scope,
    ClientId,
    Counter,
    Salt,
    UserAgent,
    Ip,
    CreatedAt,
    LastSeenAt,
    RevokedAt,
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut user = ForeignKey::create()
            .name("fk_sessions_user_id")
            .from(Sessions::Table, Sessions::UserId)
            .to(Users::Table, Users::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let table = Table::create()
            .table(Sessions::Table)
            .col(ColumnDef::new(Sessions::Id).uuid().not_null().primary_key())
            .col(ColumnDef::new(Sessions::UserId).big_integer().not_null())
            .col(ColumnDef::new(Sessions::Scope).text().not_null())
            .col(ColumnDef::new(Sessions::ClientId).text().null())
            .col(ColumnDef::new(Sessions::Counter).big_integer().not_null())
            .col(ColumnDef::new(Sessions::Salt).blob().not_null())
            .col(ColumnDef::new(Sessions::UserAgent).text().null())
            .col(ColumnDef::new(Sessions::Ip).text().null())
            .col(ColumnDef::new(Sessions::CreatedAt).big_integer().not_null())
            .col(ColumnDef::new(Sessions::LastSeenAt).big_integer().not_null())
            .col(ColumnDef::new(Sessions::RevokedAt).big_integer().null())
            .foreign_key(&mut user)
            .take();
        manager.create_table(table).await?;
        let of_user =
            Index::create().name("ix_sessions_user_id").table(Sessions::Table).col(Sessions::UserId).take();
        manager.create_index(of_user).await?;
        for (name, column) in [
            ("ix_sessions_revoked_at", Sessions::RevokedAt),
            ("ix_sessions_last_seen_at", Sessions::LastSeenAt),
        ] {
            manager
                .create_index(Index::create().name(name).table(Sessions::Table).col(column).take())
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Sessions::Table).take()).await
    }
}
