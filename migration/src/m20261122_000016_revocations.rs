//! `revocations`: which sessions ended lately, for services that check tokens by themselves. Without foreign keys: they outlive
//! the session and its user.
//!
//! `tx` is the transaction that wrote the row, on PostgreSQL: rows become visible in another order than they were written in,
//! and this tells which a reader has not seen. SQLite has one writer, so `id` tells; there it is 0.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Revocations {
    Table,
    Id,
    SessionId,
    UserId,
    RevokedAt,
    Tx,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut tx = ColumnDef::new(Revocations::Tx);
        match manager.get_database_backend() {
            DbBackend::Postgres => tx.custom("xid8").default(Expr::cust("pg_current_xact_id()")),
            _ => tx.big_integer().default(0),
        };
        let table = Table::create()
            .table(Revocations::Table)
            .col(ColumnDef::new(Revocations::Id).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(Revocations::SessionId).uuid().not_null())
            .col(ColumnDef::new(Revocations::UserId).big_integer().not_null())
            .col(ColumnDef::new(Revocations::RevokedAt).big_integer().not_null())
            .col(tx.not_null())
            .take();
        manager.create_table(table).await?;
        for (name, column) in
            [("ix_revocations_revoked_at", Revocations::RevokedAt), ("ix_revocations_tx", Revocations::Tx)]
        {
            let index = Index::create().name(name).table(Revocations::Table).col(column).take();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Revocations::Table).take()).await
    }
}
