//! `categories` and `products`. A category with products cannot go.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Categories {
    Table,
    Id,
    Name,
}

#[derive(DeriveIden)]
enum Products {
    Table,
    Id,
    CategoryId,
    Name,
    NameFolded,
    Description,
    Price,
    Quantity,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let categories = Table::create()
            .table(Categories::Table)
            .col(ColumnDef::new(Categories::Id).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(Categories::Name).text().not_null())
            .take();
        manager.create_table(categories).await?;
        let mut category = ForeignKey::create()
            .name("fk_products_category_id")
            .from(Products::Table, Products::CategoryId)
            .to(Categories::Table, Categories::Id)
            .on_delete(ForeignKeyAction::NoAction)
            .take();
        let products = Table::create()
            .table(Products::Table)
            .col(ColumnDef::new(Products::Id).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(Products::CategoryId).big_integer().not_null())
            .col(ColumnDef::new(Products::Name).text().not_null())
            .col(ColumnDef::new(Products::NameFolded).text().not_null())
            .col(ColumnDef::new(Products::Description).text().not_null())
            .col(ColumnDef::new(Products::Price).big_integer().not_null())
            .col(ColumnDef::new(Products::Quantity).big_integer().not_null())
            .check(Expr::col(Products::Quantity).gte(0))
            .foreign_key(&mut category)
            .take();
        manager.create_table(products).await?;
        let of_category = Index::create()
            .name("ix_products_category_id_id")
            .table(Products::Table)
            .col(Products::CategoryId)
            .col(Products::Id)
            .take();
        manager.create_index(of_category).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Products::Table).take()).await?;
        manager.drop_table(Table::drop().table(Categories::Table).take()).await
    }
}
