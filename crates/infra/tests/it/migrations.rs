//! Migrations: up, down, up again, and by several replicas at once.

use keyward_domain::ports::store::Store;
use keyward_infra::testing::{empty_database, rows};
use keyward_migration::prelude::MigratorTrait;
use keyward_migration::{Migrator, Schema, look, migrate};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait};

use crate::rows::fill;
use crate::support::{add_user, new_user, open};

/// The names of all tables and indexes that are ours.
async fn schema(connection: &DatabaseConnection) -> Vec<String> {
    let backend = connection.get_database_backend();
    let sql = match backend {
        // Tables of trigrams stand in for indexes that only PostgreSQL has.
        DbBackend::Sqlite => {
            "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE 'seaql%' \
             AND type IN ('table', 'index') AND name NOT LIKE '%\\_search%' ESCAPE '\\' ORDER BY name"
        }
        _ => {
            "SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace \
             AND relname NOT LIKE 'seaql%' AND relname NOT LIKE '%\\_pkey' AND relname NOT LIKE '%\\_key' \
             AND relname NOT LIKE 'tx\\_%' AND relkind IN ('r', 'i') ORDER BY relname"
        }
    };
    let rows = connection.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
    rows.iter().map(|row| row.try_get("", "name").unwrap()).collect()
}

const SCHEMA: [&str; 83] = [
    "api_keys",
    "attempts",
    "browser_sessions",
    "cart_items",
    "categories",
    "clients",
    "consents",
    "device_requests",
    "email_proofs",
    "feed_epoch",
    "ix_api_keys_user_id_id",
    "ix_attempts_last_at",
    "ix_cart_items_product_id",
    "ix_consents_client_id",
    "ix_device_requests_client_id",
    "ix_device_requests_expires_at",
    "ix_device_requests_network",
    "ix_device_requests_user_id",
    "ix_email_proofs_email",
    "ix_email_proofs_expires_at",
    "ix_logouts_at",
    "ix_logouts_client_id",
    "ix_logouts_created_at",
    "ix_logouts_receiver_at",
    "ix_logouts_user_id",
    "ix_orders_user_id_id",
    "ix_outbox_state_at",
    "ix_outbox_state_lane_at",
    "ix_passkeys_user_id_id",
    "ix_posts_owner_id_published_id",
    "ix_posts_published_id",
    "ix_products_category_id_id",
    "ix_recoveries_expires_at",
    "ix_recoveries_user_id",
    "ix_revocations_revoked_at",
    "ix_revocations_tx",
    "ix_security_events_user_id",
    "ix_sessions_client_id",
    "ix_sessions_opened_in",
    "ix_sessions_parent_id",
    "ix_sessions_revoked_at",
    "ix_sessions_seen_day",
    "ix_sessions_standing",
    "ix_sessions_user_id",
    "ix_spent_expires_at",
    "ix_totp_offers_expires_at",
    "ix_users_administrators",
    "ix_users_admins",
    "ix_users_deleted",
    "ix_users_disabled",
    "ix_verifications_email",
    "ix_verifications_expires_at",
    "jobs",
    "logins",
    "logouts",
    "order_lines",
    "orders",
    "outbox",
    "passkeys",
    "posts",
    "products",
    "recoveries",
    "recovery_codes",
    "revocations",
    "security_events",
    "sessions",
    "signing_keys",
    "spent",
    "totp_factors",
    "totp_offers",
    "users",
    "ux_api_keys_hash",
    "ux_browser_sessions_secret_hash",
    "ux_cart_items_user_id_product_id",
    "ux_device_requests_user_code",
    "ux_email_proofs_token_hash",
    "ux_logouts_session_id",
    "ux_orders_user_id_idempotency",
    "ux_passkeys_credential_id",
    "ux_recoveries_token_hash",
    "ux_users_username",
    "ux_verifications_token_hash",
    "verifications",
];

#[tokio::test]
async fn every_migration_can_be_taken_back_and_made_again() {
    let database = open().await;
    assert_eq!(schema(database.connection()).await, SCHEMA);
    add_user(&database, "ana").await;
    let mut before = SCHEMA.len();
    for _ in Migrator::migrations() {
        Migrator::down(database.connection(), Some(1)).await.unwrap();
        let after = schema(database.connection()).await.len();
        assert!(after <= before);
        before = after;
    }
    assert!(schema(database.connection()).await.is_empty());
    migrate(database.connection(), &[]).await.unwrap();
    assert_eq!(schema(database.connection()).await, SCHEMA);
    add_user(&database, "ana").await;
}

/// From every version that ever was, with a row in each table of that day, to today's and back.
#[tokio::test]
async fn rows_of_every_earlier_version_survive_the_way_to_today_and_back() {
    let count = u32::try_from(Migrator::migrations().len()).unwrap();
    for version in 1..=count {
        let home = empty_database().await;
        let database = home.connect().await;
        let connection = database.connection();
        Migrator::up(connection, Some(version)).await.unwrap();
        let tables = fill(connection).await;
        let before = rows::read(connection, &tables).await;
        assert!(before.values().all(|rows| rows.len() == 1), "{version}: {before:?}");

        migrate(connection, &[]).await.unwrap();
        let migrated = rows::read(connection, &tables).await;
        for (table, was) in &before {
            // A later version may have more columns, and gives the old ones as they were.
            let is = &migrated[table];
            assert_eq!(is.len(), was.len(), "{table} of version {version}");
            for (column, value) in &was[0] {
                assert_eq!(is[0].get(column), Some(value), "{table}.{column} of version {version}");
            }
        }
        Migrator::down(connection, Some(count - version)).await.unwrap();
        assert_eq!(rows::read(connection, &tables).await, before, "back at version {version}");
    }
}

#[tokio::test]
async fn posts_and_products_of_before_the_index_of_trigrams_are_found_by_it() {
    let home = empty_database().await;
    let database = home.connect().await;
    let without = Migrator::migrations().iter().position(|one| one.name().ends_with("_searches")).unwrap();
    Migrator::up(database.connection(), u32::try_from(without).ok()).await.unwrap();
    fill(database.connection()).await;
    migrate(database.connection(), &[]).await.unwrap();
    for (table, folded) in [("posts", "title_folded"), ("products", "name_folded")] {
        assert_eq!(found(database.connection(), table, folded, "_folded").await, 1, "{table}");
        assert_eq!(found(database.connection(), table, folded, "nowhere").await, 0, "{table}");
    }
}

/// How many rows an index of trigrams finds.
async fn found(connection: &DatabaseConnection, table: &str, folded: &str, part: &str) -> i64 {
    let backend = connection.get_database_backend();
    let tx = connection.begin().await.unwrap();
    let sql = if backend == DbBackend::Postgres {
        // Without it the planner reads the whole of so small a table.
        tx.execute_unprepared("SET LOCAL enable_seqscan = off").await.unwrap();
        let visible = if table == "posts" { "published AND" } else { "" };
        format!("SELECT count(*) AS found FROM {table} WHERE {visible} {folded} LIKE '%{part}%'")
    } else {
        format!("SELECT count(*) AS found FROM {table}_search WHERE {table}_search MATCH '\"{part}\"'")
    };
    let row = tx.query_one_raw(Statement::from_string(backend, sql)).await.unwrap().unwrap();
    row.try_get("", "found").unwrap()
}

#[tokio::test]
async fn migrating_what_is_up_to_date_changes_nothing() {
    let database = open().await;
    let ana = add_user(&database, "ana").await;
    migrate(database.connection(), &[]).await.unwrap();
    assert_eq!(database.autocommit().users().find(ana.id).await.unwrap(), Some(ana));
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_together_migrate_once() {
    let home = empty_database().await;
    let mut replicas = Vec::new();
    for _ in 0..6 {
        replicas.push(home.connect().await);
    }
    let tasks: Vec<_> = replicas
        .iter()
        .map(|replica| {
            let replica = replica.clone();
            tokio::spawn(async move { migrate(replica.connection(), &[]).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(schema(replicas[0].connection()).await, SCHEMA);
    assert_eq!(
        Migrator::get_migration_models(replicas[0].connection()).await.unwrap().len(),
        Migrator::migrations().len()
    );
    replicas[5].autocommit().users().insert(&new_user("ana")).await.unwrap();
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_schema_as_it_was() {
    let home = empty_database().await;
    let database = home.connect().await;
    // The last table is in the way.
    database.connection().execute_unprepared("CREATE TABLE signing_keys (id integer)").await.unwrap();
    migrate(database.connection(), &[]).await.unwrap_err();
    assert_eq!(schema(database.connection()).await, ["signing_keys"]);
}

#[tokio::test]
async fn how_the_schema_stands_is_told_without_touching_it() {
    let home = empty_database().await;
    let database = home.connect().await;
    let connection = database.connection();
    let every: Vec<_> = Migrator::migrations().iter().map(|one| one.name().to_owned()).collect();
    assert_eq!(look(connection, &[]).await.unwrap(), Schema::Behind(every.clone()));
    assert!(schema(connection).await.is_empty());

    migrate(connection, &[]).await.unwrap();
    assert_eq!(look(connection, &[]).await.unwrap(), Schema::Current);
    Migrator::down(connection, Some(1)).await.unwrap();
    assert_eq!(look(connection, &[]).await.unwrap(), Schema::Behind(every[every.len() - 1..].to_vec()));

    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_later', 0)";
    connection.execute_unprepared(newer).await.unwrap();
    assert_eq!(look(connection, &[]).await.unwrap(), Schema::Ahead("m29990101_000001_later".to_owned()));
    migrate(connection, &[]).await.unwrap_err();
}
