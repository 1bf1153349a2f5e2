//! `posts`: what users write. They go with their owner.
//!
//! `title_folded` is the title as searches see it. The program folds it, because each database folds letter case in its
//! own way and SQLite that of ASCII only.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Posts {
    Table,
    Id,
    OwnerId,
    Title,
    TitleFolded,
    Content,
    Published,
    CreatedAt,
    UpdatedAt,
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut owner = ForeignKey::create()
            .name("fk_posts_owner_id")
            .from(Posts::Table, Posts::OwnerId)
            .to(Users::Table, Users::Id)
            .on_delete(ForeignKeyAction::Cascade)
            .take();
        let table = Table::create()
            .table(Posts::Table)
            .col(ColumnDef::new(Posts::Id).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(Posts::OwnerId).big_integer().not_null())
            .col(ColumnDef::new(Posts::Title).text().not_null())
            .col(ColumnDef::new(Posts::TitleFolded).text().not_null())
            .col(ColumnDef::new(Posts::Content).text().not_null())
            .col(ColumnDef::new(Posts::Published).boolean().not_null())
            .col(ColumnDef::new(Posts::CreatedAt).big_integer().not_null())
            .col(ColumnDef::new(Posts::UpdatedAt).big_integer().not_null())
            .foreign_key(&mut owner)
            .take();
        manager.create_table(table).await?;
        let of_owner = Index::create()
            .name("ix_posts_owner_id_id")
            .table(Posts::Table)
            .col(Posts::OwnerId)
            .col(Posts::Id)
            .take();
        manager.create_index(of_owner).await?;
        let published = Index::create()
            .name("ix_posts_published_id")
            .table(Posts::Table)
            .col(Posts::Published)
            .col(Posts::Id)
            .take();
        manager.create_index(published).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Posts::Table).take()).await
    }
}
