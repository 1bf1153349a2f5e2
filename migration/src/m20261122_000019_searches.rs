//! Indexes for lists at any size: posts of an owner by whether they are published, titles and names by their trigrams,
//! and what was sent by mail to be proven by when it ends.
//!
//! On SQLite, `posts_search` and `products_search` are full-text tables that triggers keep in step with the published
//! posts and the products. On PostgreSQL the index of published posts holds these alone, and those of trigrams need the
//! extension `pg_trgm`: where it is not installed, or may not be made, searches work without, and read what they search.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[derive(DeriveIden)]
enum Posts {
    Table,
    Id,
    OwnerId,
    Published,
}

#[derive(DeriveIden)]
enum Recoveries {
    Table,
    ExpiresAt,
}

#[derive(DeriveIden)]
enum Verifications {
    Table,
    ExpiresAt,
}

const OF_OWNER: &str = "ix_posts_owner_id_published_id";
const OF_OWNER_BEFORE: &str = "ix_posts_owner_id_id";
const RECOVERIES: &str = "ix_recoveries_expires_at";
const VERIFICATIONS: &str = "ix_verifications_expires_at";

/// Only public posts are searched through an index: an account has few drafts.
const ON_SQLITE: &str = "
CREATE VIEW posts_published AS SELECT id, title_folded FROM posts WHERE published;
CREATE VIRTUAL TABLE posts_search USING fts5
    (title_folded, content = 'posts_published', content_rowid = 'id', tokenize = 'trigram case_sensitive 1');
INSERT INTO posts_search (posts_search) VALUES ('rebuild');
CREATE TRIGGER posts_search_insert AFTER INSERT ON posts WHEN new.published BEGIN
    INSERT INTO posts_search (rowid, title_folded) VALUES (new.id, new.title_folded);
END;
CREATE TRIGGER posts_search_delete AFTER DELETE ON posts WHEN old.published BEGIN
    INSERT INTO posts_search (posts_search, rowid, title_folded) VALUES ('delete', old.id, old.title_folded);
END;
CREATE TRIGGER posts_search_update AFTER UPDATE OF title_folded, published ON posts BEGIN
    INSERT INTO posts_search (posts_search, rowid, title_folded)
        SELECT 'delete', old.id, old.title_folded WHERE old.published;
    INSERT INTO posts_search (rowid, title_folded) SELECT new.id, new.title_folded WHERE new.published;
END;
CREATE VIRTUAL TABLE products_search USING fts5
    (name_folded, content = 'products', content_rowid = 'id', tokenize = 'trigram case_sensitive 1');
INSERT INTO products_search (products_search) VALUES ('rebuild');
CREATE TRIGGER products_search_insert AFTER INSERT ON products BEGIN
    INSERT INTO products_search (rowid, name_folded) VALUES (new.id, new.name_folded);
END;
CREATE TRIGGER products_search_delete AFTER DELETE ON products BEGIN
    INSERT INTO products_search (products_search, rowid, name_folded) VALUES ('delete', old.id, old.name_folded);
END;
CREATE TRIGGER products_search_update AFTER UPDATE OF name_folded ON products BEGIN
    INSERT INTO products_search (products_search, rowid, name_folded) VALUES ('delete', old.id, old.name_folded);
    INSERT INTO products_search (rowid, name_folded) VALUES (new.id, new.name_folded);
END;
";

const OFF_SQLITE: &str = "
DROP TRIGGER posts_search_insert;
DROP TRIGGER posts_search_delete;
DROP TRIGGER posts_search_update;
DROP TABLE posts_search;
DROP VIEW posts_published;
DROP TRIGGER products_search_insert;
DROP TRIGGER products_search_delete;
DROP TRIGGER products_search_update;
DROP TABLE products_search;
";

/// The planner passes over an index of (published, id) for that of all ids, and reads everybody's drafts.
const ON_POSTGRES: &str = "
DROP INDEX ix_posts_published_id;
CREATE INDEX ix_posts_published_id ON posts (id) WHERE published;
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX tx_posts_title_folded ON posts USING gin (title_folded gin_trgm_ops) WHERE published;
    CREATE INDEX tx_products_name_folded ON products USING gin (name_folded gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_file OR undefined_object THEN
    RAISE WARNING 'searches go without an index: the extension pg_trgm cannot be made (%)', SQLERRM;
END $$;
";

/// The extension stays: other programs may use it.
const OFF_POSTGRES: &str = "
DROP INDEX ix_posts_published_id;
CREATE INDEX ix_posts_published_id ON posts (published, id);
DROP INDEX IF EXISTS tx_posts_title_folded;
DROP INDEX IF EXISTS tx_products_name_folded;
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let of_owner = Index::create()
            .name(OF_OWNER)
            .table(Posts::Table)
            .col(Posts::OwnerId)
            .col(Posts::Published)
            .col(Posts::Id)
            .take();
        manager.create_index(of_owner).await?;
        manager.drop_index(Index::drop().name(OF_OWNER_BEFORE).table(Posts::Table).to_owned()).await?;
        let ending =
            Index::create().name(RECOVERIES).table(Recoveries::Table).col(Recoveries::ExpiresAt).take();
        manager.create_index(ending).await?;
        let ending = Index::create()
            .name(VERIFICATIONS)
            .table(Verifications::Table)
            .col(Verifications::ExpiresAt)
            .take();
        manager.create_index(ending).await?;
        run(manager, ON_SQLITE, ON_POSTGRES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, OFF_SQLITE, OFF_POSTGRES).await?;
        manager.drop_index(Index::drop().name(VERIFICATIONS).table(Verifications::Table).to_owned()).await?;
        manager.drop_index(Index::drop().name(RECOVERIES).table(Recoveries::Table).to_owned()).await?;
        let before = Index::create()
            .name(OF_OWNER_BEFORE)
            .table(Posts::Table)
            .col(Posts::OwnerId)
            .col(Posts::Id)
            .take();
        manager.create_index(before).await?;
        manager.drop_index(Index::drop().name(OF_OWNER).table(Posts::Table).to_owned()).await
    }
}

async fn run(manager: &SchemaManager<'_>, sqlite: &str, postgres: &str) -> Result<(), DbErr> {
    let database = manager.get_connection();
    let sql = if database.get_database_backend() == DbBackend::Postgres { postgres } else { sqlite };
    database.execute_unprepared(sql).await.map(drop)
}
