//! Indexes for lists of accounts that are narrowed: parts of their names, administrators, and those who are disabled.
//!
//! On SQLite, `users_search` is a full-text table of trigrams that triggers keep in step with the accounts that are not deleted.
//! On PostgreSQL trigrams need the extension `pg_trgm`: where it is not installed, or may not be made, searches work without, and
//! read what they search.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// A deleted account keeps its row for a while, without its names.
const ON_SQLITE: &str = "
CREATE VIEW users_found AS SELECT id, email, username, name FROM users WHERE deleted_at IS NULL;
CREATE VIRTUAL TABLE users_search USING fts5
    (email, username, name, content = 'users_found', content_rowid = 'id', tokenize = 'trigram');
INSERT INTO users_search (users_search) VALUES ('rebuild');
CREATE TRIGGER users_search_insert AFTER INSERT ON users WHEN new.deleted_at IS NULL BEGIN
    INSERT INTO users_search (rowid, email, username, name) VALUES (new.id, new.email, new.username, new.name);
END;
CREATE TRIGGER users_search_delete AFTER DELETE ON users WHEN old.deleted_at IS NULL BEGIN
    INSERT INTO users_search (users_search, rowid, email, username, name)
        VALUES ('delete', old.id, old.email, old.username, old.name);
END;
CREATE TRIGGER users_search_update AFTER UPDATE OF email, username, name, deleted_at ON users BEGIN
    INSERT INTO users_search (users_search, rowid, email, username, name)
        SELECT 'delete', old.id, old.email, old.username, old.name WHERE old.deleted_at IS NULL;
    INSERT INTO users_search (rowid, email, username, name)
        SELECT new.id, new.email, new.username, new.name WHERE new.deleted_at IS NULL;
END;
";

const OFF_SQLITE: &str = "
DROP TRIGGER users_search_insert;
DROP TRIGGER users_search_delete;
DROP TRIGGER users_search_update;
DROP TABLE users_search;
DROP VIEW users_found;
";

const ON_POSTGRES: &str = "
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX tx_users_names ON users
        USING gin ((lower(email || ' ' || coalesce(username, '') || ' ' || coalesce(name, ''))) gin_trgm_ops)
        WHERE deleted_at IS NULL;
EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_file OR undefined_object THEN
    RAISE WARNING 'searches go without an index: the extension pg_trgm cannot be made (%)', SQLERRM;
END $$;
";

/// The extension stays: other programs may use it.
const OFF_POSTGRES: &str = "DROP INDEX IF EXISTS tx_users_names;";

const INDEXES: [&str; 2] = [
    "CREATE INDEX ix_users_admins ON users (id) WHERE role = 'admin'",
    "CREATE INDEX ix_users_disabled ON users (id) WHERE disabled AND deleted_at IS NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        run(manager, ON_SQLITE, ON_POSTGRES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, OFF_SQLITE, OFF_POSTGRES).await?;
        for index in ["ix_users_disabled", "ix_users_admins"] {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        Ok(())
    }
}

async fn run(manager: &SchemaManager<'_>, sqlite: &str, postgres: &str) -> Result<(), DbErr> {
    let database = manager.get_connection();
    let sql = if database.get_database_backend() == DbBackend::Postgres { postgres } else { sqlite };
    database.execute_unprepared(sql).await.map(drop)
}
