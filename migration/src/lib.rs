//! Keyward's database schema, one migration a file, each with its way back, on SQLite and on PostgreSQL.
//!
//! Migrations name tables and columns by themselves and never import an entity: a migration says what the
//! schema was on its day, an entity what it is today. What has been released is never edited; a change is a
//! new file.
//!
//! **Times** are whole microseconds since the Unix epoch in a 64-bit integer column. Both databases then mean
//! the same by them, compare and index them exactly, and know neither a text format nor a time zone.
//!
//! **Ids** of 64 bits are never given twice, not even after the row is gone: SQLite's `AUTOINCREMENT`,
//! PostgreSQL's identity columns.
//!
//! # Sets
//!
//! A resource, such as a sample, has migrations of its own: a [`MigrationSet`], whose name is the resource's.
//! The product's applied files are noted in the table `seaql_migrations`, those of the set `notes` in
//! `seaql_migrations_notes`. [`migrate`] applies the product's files first and then those of each given set,
//! all in one transaction.
//!
//! A server is started with any choice of sets. Only the tables of the given sets are read, so a database
//! that has run a set is opened without it, its tables stay as they are, and a later start with the set goes
//! on where it ended. An applied file that its owner does not know is refused: a newer version of the program
//! wrote it.
//!
//! Databases differ in the order of files: one ran a set years ago, another runs all of today's product
//! first. Therefore:
//! - A file of a set relies on the product's schema, and never on another set's.
//! - A file of the product never relies on a set's, and keeps what sets refer to: `users` and its `id`.
//! - The tables of posts and of the shop began as the product's. Their files stay here, because databases
//!   have run them. A later change to these tables is a file of the sample's set.
//! - A foreign key of a set to the product's tables says what to do `ON DELETE`: an account can be deleted by
//!   a server that does not mount the resource.
//!
//! A file of a set begins with `use keyward_migration::prelude::*;`.
#![forbid(unsafe_code)]

use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use sea_orm_migration::sea_query::{Order, Query};
use sea_orm_migration::{MigrationTrait, MigratorTrait, MigratorTraitSelf, SchemaManager};

pub use crate::sets::MigrationSet;

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
mod m20261129_000001_standing_sessions;
mod m20261129_000002_email_proofs;
mod m20261130_000001_deleted_accounts;
mod m20261130_000002_feed_epoch;
mod m20261130_000010_event_actors;
mod m20261130_000011_mail_lanes;
mod m20261130_000030_end_reasons;
mod m20261130_000040_proofs_of_sessions;
mod m20261130_000041_factors;
mod m20261130_000042_spent;
mod m20261130_000060_usernames;
mod m20261130_000070_passkeys;
mod m20261130_000080_api_keys;
mod m20261130_000095_authorization;
mod m20261130_000097_browser_sessions;
mod m20261130_000099_user_lists;
mod m20261130_000100_refreshes;
mod m20261130_000400_par;
mod m20261130_000500_backchannel_logout;
mod m20261130_000600_events_of_users;
mod m20261130_000610_dpop;
mod m20261130_000620_devices;
mod m20261130_000630_logins;
mod m20261130_000640_logouts_by_receiver;
mod sets;

/// What a file that holds a migration imports: SeaORM's own prelude.
///
/// SeaORM's derives name the crates `sea_orm_migration` and `sea_orm`, which are here as well. So the crate
/// of a set needs no further dependency, and its [`MigrationTrait`] is the one of the version that runs it.
pub mod prelude {
    pub use sea_orm_migration;
    pub use sea_orm_migration::prelude::*;
}

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
            Box::new(m20261129_000001_standing_sessions::Migration),
            Box::new(m20261129_000002_email_proofs::Migration),
            Box::new(m20261130_000001_deleted_accounts::Migration),
            Box::new(m20261130_000002_feed_epoch::Migration),
            Box::new(m20261130_000010_event_actors::Migration),
            Box::new(m20261130_000011_mail_lanes::Migration),
            Box::new(m20261130_000030_end_reasons::Migration),
            Box::new(m20261130_000040_proofs_of_sessions::Migration),
            Box::new(m20261130_000041_factors::Migration),
            Box::new(m20261130_000042_spent::Migration),
            Box::new(m20261130_000060_usernames::Migration),
            Box::new(m20261130_000070_passkeys::Migration),
            Box::new(m20261130_000080_api_keys::Migration),
            Box::new(m20261130_000095_authorization::Migration),
            Box::new(m20261130_000097_browser_sessions::Migration),
            Box::new(m20261130_000099_user_lists::Migration),
            Box::new(m20261130_000100_refreshes::Migration),
            Box::new(m20261130_000400_par::Migration),
            Box::new(m20261130_000500_backchannel_logout::Migration),
            Box::new(m20261130_000600_events_of_users::Migration),
            Box::new(m20261130_000610_dpop::Migration),
            Box::new(m20261130_000620_devices::Migration),
            Box::new(m20261130_000630_logins::Migration),
            Box::new(m20261130_000640_logouts_by_receiver::Migration),
        ]
    }
}

/// The product's own files, which come before those of every set.
const PRODUCT: MigrationSet = MigrationSet { name: "", files: <Migrator as MigratorTrait>::migrations };

/// How a database's schema stands to this program and the sets it was given. A file of a set is named with
/// the set: `notes/m20270101_000001_notes`.
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
/// What the database answered, or that a set's name is not plain or is given twice.
pub async fn look(db: &DatabaseConnection, sets: &[MigrationSet]) -> Result<Schema, DbErr> {
    let mut missing = Vec::new();
    for set in with_product(sets)? {
        let known: Vec<String> = set.migrations().iter().map(|one| one.name().to_owned()).collect();
        let applied = noted(db, &set.table()).await?;
        if let Some(name) = applied.iter().rev().find(|name| !known.contains(name)) {
            return Ok(Schema::Ahead(set.label(name)));
        }
        missing.extend(known.iter().filter(|name| !applied.contains(name)).map(|name| set.label(name)));
    }
    Ok(if missing.is_empty() { Schema::Current } else { Schema::Behind(missing) })
}

/// Returns the names of the applied migrations, oldest first. Without the table the list is empty.
async fn noted(db: &DatabaseConnection, table: &str) -> Result<Vec<String>, DbErr> {
    if !SchemaManager::new(db).has_table(table).await? {
        return Ok(Vec::new());
    }
    let names =
        Query::select().column("version").from(table.to_owned()).order_by("version", Order::Asc).take();
    db.query_all(&names).await?.iter().map(|row| row.try_get("", "version")).collect()
}

/// The product's set and the given ones, in the order in which they are applied.
fn with_product(sets: &[MigrationSet]) -> Result<Vec<MigrationSet>, DbErr> {
    sets::check(sets)?;
    Ok([&[PRODUCT], sets].concat())
}

/// Returns how many migrations of the product and of the given sets a database has been through; 0 if it is
/// not a database of this program. Changes nothing.
///
/// # Errors
/// What the database answered, that it was migrated by a newer version of this program, or that a set's name is
/// not plain or is given twice.
pub async fn applied(db: &DatabaseConnection, sets: &[MigrationSet]) -> Result<usize, DbErr> {
    let mut count = 0;
    for set in with_product(sets)? {
        count += set.get_applied_migrations_read_only(db).await?.len();
    }
    Ok(count)
}

/// The advisory lock under which a PostgreSQL database is migrated. Any constant will do; this one spells
/// "keyward".
const ADVISORY_LOCK: i64 = 0x006b_6579_7761_7264;

/// Brings the schema up to date, the product's first and then that of each set, in one transaction: all of it
/// or nothing.
///
/// Any number of replicas may call this at once, each with sets of its own choice. One of them migrates; the
/// others wait for it (PostgreSQL: for an advisory lock; SQLite: for the write lock, no longer than the
/// connection's busy timeout) and then apply what their own sets still lack. `db` must be a connection that may
/// write.
///
/// # Errors
/// What the database answered, that it was migrated by a newer version of this program, or that a set's name is
/// not plain or is given twice. Nothing has changed then.
pub async fn migrate(db: &DatabaseConnection, sets: &[MigrationSet]) -> Result<(), DbErr> {
    let every = with_product(sets)?;
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let tx = db.begin_with_options(immediate).await?;
    if tx.get_database_backend() == DbBackend::Postgres {
        // The limits of a request are too short for a change of schema, and for waiting until another replica
        // made it.
        tx.execute_unprepared("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '10min'").await?;
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")).await?;
    }
    for set in every {
        set.up(&tx, None).await?;
    }
    tx.commit().await
}
