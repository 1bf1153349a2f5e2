//! `cart_items`: a line a product and user. They go with either.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum CartItems {
    Table,
    Id,
    UserId,
    ProductId,
    Quantity,
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
}

#[derive(DeriveIden)]
enum Products {
    Table,
    Id,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut user = ForeignKey::create()
            .name("fk_cart_items_user_id")
            .from(CartItems::Table, CartItems::UserId)
            .to(Users::Table, Users::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let mut product = ForeignKey::create()
            .name("fk_cart_items_product_id")
            .from(CartItems::Table, CartItems::ProductId)
            .to(Products::Table, Products::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let table = Table::create()
            .table(CartItems::Table)
            .col(ColumnDef::new(CartItems::Id).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(CartItems::UserId).big_integer().not_null())
            .col(ColumnDef::new(CartItems::ProductId).big_integer().not_null())
            .col(ColumnDef::new(CartItems::Quantity).big_integer().not_null())
            .foreign_key(&mut user)
            .foreign_key(&mut product)
            .take();
        manager.create_table(table).await?;
        let line = Index::create()
            .name("ux_cart_items_user_id_product_id")
            .table(CartItems::Table)
            .col(CartItems::UserId)
            .col(CartItems::ProductId)
            .unique()
            .take();
        manager.create_index(line).await?;
        let of_product = Index::create()
            .name("ix_cart_items_product_id")
            .table(CartItems::Table)
            .col(CartItems::ProductId)
            .take();
        manager.create_index(of_product).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(CartItems::Table).take()).await
    }
}
