//! `orders` and `order_lines`. Lines copy what they need of a product, so that orders stay as they were.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Orders {
    Table,
    Id,
    UserId,
    PlacedAt,
    Amount,
    Status,
    Address,
    IdempotencyKey,
    RequestDigest,
}

#[derive(DeriveIden)]
enum OrderLines {
    Table,
    OrderId,
    Position,
    ProductId,
    Name,
    Price,
    Quantity,
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
            .name("fk_orders_user_id")
            .from(Orders::Table, Orders::UserId)
            .to(Users::Table, Users::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let orders = Table::create()
            .table(Orders::Table)
            .col(ColumnDef::new(Orders::Id).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(Orders::UserId).big_integer().not_null())
            .col(ColumnDef::new(Orders::PlacedAt).big_integer().not_null())
            .col(ColumnDef::new(Orders::Amount).big_integer().not_null())
            .col(ColumnDef::new(Orders::Status).text().not_null())
            .col(ColumnDef::new(Orders::Address).text().not_null())
            .col(ColumnDef::new(Orders::IdempotencyKey).text().null())
            .col(ColumnDef::new(Orders::RequestDigest).blob().null())
            .foreign_key(&mut user)
            .take();
        manager.create_table(orders).await?;
        let of_user = Index::create()
            .name("ix_orders_user_id_id")
            .table(Orders::Table)
            .col(Orders::UserId)
            .col(Orders::Id)
            .take();
        manager.create_index(of_user).await?;
        let key = Index::create()
            .name("ux_orders_user_id_idempotency")
            .table(Orders::Table)
            .col(Orders::UserId)
            .col(Orders::IdempotencyKey)
            .unique()
            .take();
        manager.create_index(key).await?;
        let mut order = ForeignKey::create()
            .name("fk_order_lines_order_id")
            .from(OrderLines::Table, OrderLines::OrderId)
            .to(Orders::Table, Orders::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let lines = Table::create()
            .table(OrderLines::Table)
            .col(ColumnDef::new(OrderLines::OrderId).big_integer().not_null())
            .col(ColumnDef::new(OrderLines::Position).big_integer().not_null())
            .col(ColumnDef::new(OrderLines::ProductId).big_integer().not_null())
            .col(ColumnDef::new(OrderLines::Name).text().not_null())
            .col(ColumnDef::new(OrderLines::Price).big_integer().not_null())
            .col(ColumnDef::new(OrderLines::Quantity).big_integer().not_null())
            .primary_key(Index::create().col(OrderLines::OrderId).col(OrderLines::Position))
            .foreign_key(&mut order)
            .take();
        manager.create_table(lines).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(OrderLines::Table).take()).await?;
        manager.drop_table(Table::drop().table(Orders::Table).take()).await
    }
}
