//! `feed_epoch`: which history of the revocation feed this is, in one row. A database that is put back to an earlier state
//! begins another one, and positions of the one before count as the beginning.
//!
//! `tx` is the transaction that wrote the row, on PostgreSQL: one that lies ahead shows that the rows came from another server.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum FeedEpoch {
    Table,
    Id,
    Epoch,
    Tx,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut tx = ColumnDef::new(FeedEpoch::Tx);
        match manager.get_database_backend() {
            DbBackend::Postgres => tx.custom("xid8").default(Expr::cust("pg_current_xact_id()")),
            _ => tx.big_integer().default(0),
        };
        let table = Table::create()
            .table(FeedEpoch::Table)
            .col(ColumnDef::new(FeedEpoch::Id).big_integer().not_null().primary_key())
            .col(ColumnDef::new(FeedEpoch::Epoch).big_integer().not_null())
            .col(tx.not_null())
            .take();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(FeedEpoch::Table).take()).await
    }
}
