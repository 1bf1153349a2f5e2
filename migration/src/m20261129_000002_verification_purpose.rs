//! `verifications.purpose`: what a verification was asked for, `verify` or `change`. An account has one of either. SQLite cannot
//! change a primary key, so there the table is made anew.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const ON_POSTGRES: &str = "
ALTER TABLE verifications ADD COLUMN purpose text NOT NULL DEFAULT 'change';
UPDATE verifications SET purpose = 'verify' FROM users
    WHERE users.id = verifications.user_id AND users.email = verifications.email;
ALTER TABLE verifications ALTER COLUMN purpose DROP DEFAULT;
ALTER TABLE verifications DROP CONSTRAINT verifications_pkey;
ALTER TABLE verifications ADD PRIMARY KEY (user_id, purpose);
";

const ON_SQLITE: &str = "
CREATE TABLE verifications_by_purpose (
    user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose text NOT NULL,
    email text NOT NULL,
    token_hash blob NOT NULL,
    tries bigint NOT NULL,
    kept_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (user_id, purpose)
);
INSERT INTO verifications_by_purpose
    SELECT user_id,
        CASE WHEN EXISTS (SELECT 1 FROM users WHERE users.id = user_id AND users.email = verifications.email)
            THEN 'verify' ELSE 'change' END,
        email, token_hash, tries, kept_at, expires_at
    FROM verifications;
DROP TABLE verifications;
ALTER TABLE verifications_by_purpose RENAME TO verifications;
CREATE UNIQUE INDEX ux_verifications_token_hash ON verifications (token_hash);
CREATE INDEX ix_verifications_email ON verifications (email);
";

const BACK_ON_POSTGRES: &str = "
DELETE FROM verifications
    WHERE purpose = 'verify' AND user_id IN (SELECT user_id FROM verifications WHERE purpose = 'change');
ALTER TABLE verifications DROP COLUMN purpose;
ALTER TABLE verifications ADD PRIMARY KEY (user_id);
";

const BACK_ON_SQLITE: &str = "
CREATE TABLE verifications_of_users (
    user_id bigint NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    email text NOT NULL,
    token_hash blob NOT NULL,
    tries bigint NOT NULL,
    kept_at bigint NOT NULL,
    expires_at bigint NOT NULL
);
INSERT INTO verifications_of_users
    SELECT user_id, email, token_hash, tries, kept_at, expires_at FROM verifications AS one
    WHERE purpose = 'change'
        OR NOT EXISTS (SELECT 1 FROM verifications AS two WHERE two.user_id = one.user_id AND two.purpose = 'change');
DROP TABLE verifications;
ALTER TABLE verifications_of_users RENAME TO verifications;
CREATE UNIQUE INDEX ux_verifications_token_hash ON verifications (token_hash);
CREATE INDEX ix_verifications_email ON verifications (email);
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, ON_POSTGRES, ON_SQLITE).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, BACK_ON_POSTGRES, BACK_ON_SQLITE).await
    }
}

async fn run(manager: &SchemaManager<'_>, on_postgres: &str, on_sqlite: &str) -> Result<(), DbErr> {
    let database = manager.get_connection();
    let sql = match database.get_database_backend() {
        DbBackend::Postgres => on_postgres,
        _ => on_sqlite,
    };
    database.execute_unprepared(sql).await.map(drop)
}
