//! Keyward's database schema, one migration a file, each with its way back, on SQLite and on PostgreSQL.
//!
//! Migrations name tables and columns by themselves and never import an entity: a migration says what the schema was on
//! its day, an entity what it is today. What has been released is never edited; a change is a new file.
//!
//! **Times** are whole microseconds since the Unix epoch in a 64-bit integer column. Both databases then mean the same
//! by them, compare and index them exactly, and know neither a text format nor a time zone.
//!
//! **Ids** of 64 bits are never given twice, not even after the row is gone: SQLite's `AUTOINCREMENT`, PostgreSQL's
//! identity columns.
#![forbid(unsafe_code)]

use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use sea_orm_migration::sea_query::{Order, Query};
use sea_orm_migration::{MigrationTrait, MigratorTrait, SchemaManager};

mod m20261122_000001_users;
mod m20261122_000002_sessions;
mod m20261122_000003_posts;
mod m20261122_000004_signing_keys;
mod m20261122_000005_clients;
mod m20261122_000006_security_events;
mod m20261122_000007_jobs;
mod m20261122_000008_attempts;
mod m20261122_000009_catalog;
mod m20261122_000010_carts;
mod m20261122_000011_orders;
mod m20261122_000012_outbox;
mod m20261122_000013_recoveries;
mod m20261122_000014_verifications;
mod m20261122_000016_revocations;
mod m20261122_000019_searches;
mod m20261122_000020_client_sessions;
mod m20261122_000021_administrators;

/// Every migration, in the order in which they are applied.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_users::Migration),
            Box::new(m20261122_000002_sessions::Migration),
            Box::new(m20261122_000003_posts::Migration),
            Box::new(m20261122_000004_signing_keys::Migration),
            Box::new(m20261122_000005_clients::Migration),
            Box::new(m20261122_000006_security_events::Migration),
            Box::new(m20261122_000007_jobs::Migration),
            Box::new(m20261122_000008_attempts::Migration),
            Box::new(m20261122_000009_catalog::Migration),
            Box::new(m20261122_000010_carts::Migration),
            Box::new(m20261122_000011_orders::Migration),
            Box::new(m20261122_000012_outbox::Migration),
            Box::new(m20261122_000013_recoveries::Migration),
            Box::new(m20261122_000014_verifications::Migration),
            Box::new(m20261122_000016_revocations::Migration),
            Box::new(m20261122_000019_searches::Migration),
            Box::new(m20261122_000020_client_sessions::Migration),
            Box::new(m20261122_000021_administrators::Migration),
        ]
    }
}

/// How a database's schema stands to this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schema {
    /// It is the one this program knows.
    Current,
    /// These migrations were not applied yet.
    Behind(Vec<String>),
    /// A newer version of this program applied a migration of this name.
    Ahead(String),
}

/// Looks how the schema stands, and changes nothing.
///
/// # Errors
/// What the database answered.
pub async fn look(db: &DatabaseConnection) -> Result<Schema, DbErr> {
    let known: Vec<String> = Migrator::migrations().iter().map(|one| one.name().to_owned()).collect();
    let applied: Vec<String> = if SchemaManager::new(db).has_table(TABLE).await? {
        let names = Query::select().column("version").from(TABLE).order_by("version", Order::Asc).take();
        let rows = db.query_all(&names).await?;
        rows.iter().map(|row| row.try_get("", "version")).collect::<Result<_, _>>()?
    } else {
        Vec::new()
    };
    if let Some(name) = applied.iter().rev().find(|name| !known.contains(name)) {
        return Ok(Schema::Ahead(name.clone()));
    }
    let missing: Vec<String> = known.into_iter().filter(|name| !applied.contains(name)).collect();
    Ok(if missing.is_empty() { Schema::Current } else { Schema::Behind(missing) })
}

/// Where it is noted which migrations were applied.
const TABLE: &str = "seaql_migrations";

/// How many migrations a database has been through; none if it is no database of this program. Changes nothing.
///
/// # Errors
/// What the database answered, or that it was migrated by a newer version of this program.
pub async fn applied(db: &DatabaseConnection) -> Result<usize, DbErr> {
    Migrator::get_applied_migrations_read_only(db).await.map(|applied| applied.len())
}

/// Taken by whoever migrates a PostgreSQL database. Any constant will do; this one spells "keyward".
const ADVISORY_LOCK: i64 = 0x006b_6579_7761_7264;

/// Brings the schema up to date, in one transaction: all of it or nothing.
///
/// Any number of replicas may call this at once. One of them migrates; the others wait for it (PostgreSQL: for an
/// advisory lock; SQLite: for the write lock, no longer than the connection's busy timeout) and find nothing left to do.
/// `db` must be a connection that may write.
///
/// # Errors
/// What the database answered, or that it was migrated by a newer version of this program. Nothing has changed then.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), DbErr> {
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let tx = db.begin_with_options(immediate).await?;
    if tx.get_database_backend() == DbBackend::Postgres {
        // The limits of a request are too short for a change of schema, and for waiting until another replica made it.
        tx.execute_unprepared("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '10min'").await?;
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")).await?;
    }
    Migrator::up(&tx, None).await?;
    tx.commit().await
}
