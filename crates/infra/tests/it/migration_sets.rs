//! Sets of migrations beside the product's: chosen anew at each start, applied together or not at all.

use keyward_domain::ports::store::Store;
use keyward_infra::testing::empty_database;
use keyward_migration::prelude::sea_orm_migration::MigratorTraitSelf;
use keyward_migration::prelude::{DbErr, MigrationName, MigrationTrait, SchemaManager, async_trait};
use keyward_migration::{MigrationSet, Migrator, Schema, applied, look, migrate};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use crate::notes::{LATER, NOTES};
use crate::support::{Commits, add_user, new_user, open, tamper};

const FIRST: &str = "m20270101_000001_notes";
const SECOND: &str = "m20270201_000002_title";

/// A set whose second file fails after it has made a table.
const BROKEN: MigrationSet = MigrationSet { name: "broken", files: broken };

fn broken() -> Vec<Box<dyn MigrationTrait>> {
    let good = Sql { name: "m1", up: "CREATE TABLE whole (id integer)" };
    let bad = Sql { name: "m2", up: "CREATE TABLE half (id integer); INSERT INTO half VALUES (1, 2)" };
    vec![Box::new(good), Box::new(bad)]
}

/// A set that has a file of the same name as `NOTES`.
const TAGS: MigrationSet = MigrationSet { name: "tags", files: tags };

fn tags() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(Sql { name: FIRST, up: "CREATE TABLE tags (id integer)" })]
}

struct Sql {
    name: &'static str,
    up: &'static str,
}

impl MigrationName for Sql {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Sql {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.up).await.map(drop)
    }
}

/// The product's files, by name.
fn product() -> Vec<String> {
    Migrator.migrations().iter().map(|one| one.name().to_owned()).collect()
}

async fn has_table(connection: &DatabaseConnection, table: &str) -> bool {
    SchemaManager::new(connection).has_table(table).await.unwrap()
}

/// One column of all rows, as text.
async fn column(connection: &DatabaseConnection, table: &str, column: &str) -> Vec<String> {
    let sql = format!("SELECT CAST({column} AS text) AS value FROM {table} ORDER BY {column}");
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let rows = connection.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get("", "value").unwrap()).collect()
}

#[tokio::test]
async fn a_set_is_applied_after_the_product_and_noted_in_a_table_of_its_own() {
    let home = empty_database().await;
    let database = home.connect().await;
    let connection = database.connection();
    let expected = [product(), vec![format!("notes/{FIRST}"), format!("notes/{SECOND}")]].concat();
    assert_eq!(look(connection, &[LATER]).await.unwrap(), Schema::Behind(expected));
    assert_eq!(applied(connection, &[LATER]).await.unwrap(), 0);
    assert!(!has_table(connection, "seaql_migrations_notes").await, "looking changes nothing");

    migrate(connection, &[LATER]).await.unwrap();
    assert_eq!(look(connection, &[LATER]).await.unwrap(), Schema::Current);
    assert_eq!(column(connection, "seaql_migrations", "version").await, product());
    assert_eq!(column(connection, "seaql_migrations_notes", "version").await, [FIRST, SECOND]);
    assert_eq!(applied(connection, &[LATER]).await.unwrap(), product().len() + 2);
    assert_eq!(applied(connection, &[]).await.unwrap(), product().len());
}

#[tokio::test]
async fn a_database_that_ran_a_set_opens_without_it_and_with_it_again() {
    let database = open().await;
    let connection = database.connection();
    let ana = add_user(&database, "ana").await;
    migrate(connection, &[NOTES]).await.unwrap();
    let insert = format!("INSERT INTO notes (owner_id, content) VALUES ({}, 'buy tea')", ana.id);
    tamper(&database, &insert).await;

    for _ in 0..2 {
        migrate(connection, &[]).await.unwrap();
        assert_eq!(look(connection, &[]).await.unwrap(), Schema::Current);
        assert_eq!(column(connection, "notes", "content").await, ["buy tea"]);
        migrate(connection, &[TAGS]).await.unwrap();
        assert_eq!(look(connection, &[TAGS, NOTES]).await.unwrap(), Schema::Current);
        migrate(connection, &[NOTES]).await.unwrap();
        assert_eq!(column(connection, "notes", "content").await, ["buy tea"]);
    }

    let missing = Schema::Behind(vec![format!("notes/{SECOND}")]);
    assert_eq!(look(connection, &[TAGS, LATER]).await.unwrap(), missing);
    migrate(connection, &[LATER, TAGS]).await.unwrap();
    assert_eq!(column(connection, "notes", "title").await, ["untitled"]);
    migrate(connection, &[]).await.unwrap();
    assert!(database.committing().delete(ana.id).await.unwrap());
    assert!(column(connection, "notes", "content").await.is_empty(), "deleted with its owner, set or no set");
}

#[tokio::test]
async fn a_failing_file_of_a_set_leaves_everything_as_it_was() {
    let home = empty_database().await;
    let database = home.connect().await;
    let connection = database.connection();
    migrate(connection, &[NOTES, BROKEN]).await.unwrap_err();
    for table in ["seaql_migrations", "users", "seaql_migrations_notes", "notes", "whole", "half"] {
        assert!(!has_table(connection, table).await, "{table} is left behind");
    }

    migrate(connection, &[]).await.unwrap();
    migrate(connection, &[NOTES, BROKEN]).await.unwrap_err();
    assert_eq!(look(connection, &[]).await.unwrap(), Schema::Current);
    for table in ["seaql_migrations_notes", "notes", "seaql_migrations_broken", "whole", "half"] {
        assert!(!has_table(connection, table).await, "{table} is left behind");
    }
    migrate(connection, &[NOTES]).await.unwrap();
    migrate(connection, &[BROKEN, LATER]).await.unwrap_err();
    assert_eq!(look(connection, &[LATER]).await.unwrap(), Schema::Behind(vec![format!("notes/{SECOND}")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_together_with_different_sets_apply_each_file_once() {
    let home = empty_database().await;
    let choices: [&[MigrationSet]; 6] = [&[NOTES], &[], &[TAGS, NOTES], &[NOTES, TAGS], &[NOTES], &[TAGS]];
    let mut replicas = Vec::new();
    for sets in choices {
        replicas.push((home.connect().await, sets));
    }
    let tasks: Vec<_> = replicas
        .iter()
        .map(|(replica, sets)| {
            let (replica, sets) = (replica.clone(), *sets);
            tokio::spawn(async move { migrate(replica.connection(), sets).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let connection = replicas[0].0.connection();
    assert_eq!(look(connection, &[NOTES, TAGS]).await.unwrap(), Schema::Current);
    assert_eq!(applied(connection, &[NOTES, TAGS]).await.unwrap(), product().len() + 2);
    replicas[5].0.autocommit().users().insert(&new_user("ana")).await.unwrap();
}

#[tokio::test]
async fn a_newer_file_of_a_set_is_refused_with_the_set_and_ignored_without_it() {
    let database = open().await;
    let connection = database.connection();
    migrate(connection, &[LATER]).await.unwrap();
    assert_eq!(look(connection, &[TAGS, NOTES]).await.unwrap(), Schema::Ahead(format!("notes/{SECOND}")));
    applied(connection, &[NOTES]).await.unwrap_err();
    migrate(connection, &[TAGS, NOTES]).await.unwrap_err();
    assert!(!has_table(connection, "tags").await, "nothing has changed");

    assert_eq!(look(connection, &[]).await.unwrap(), Schema::Current);
    migrate(connection, &[TAGS]).await.unwrap();
    migrate(connection, &[LATER]).await.unwrap();
}

#[tokio::test]
async fn a_set_can_be_taken_back_by_itself() {
    let database = open().await;
    let connection = database.connection();
    migrate(connection, &[LATER]).await.unwrap();
    LATER.down(connection, Some(1)).await.unwrap();
    assert_eq!(look(connection, &[LATER]).await.unwrap(), Schema::Behind(vec![format!("notes/{SECOND}")]));
    LATER.down(connection, None).await.unwrap();
    assert!(!has_table(connection, "notes").await);
    assert_eq!(look(connection, &[]).await.unwrap(), Schema::Current);
    migrate(connection, &[LATER]).await.unwrap();
    assert_eq!(look(connection, &[LATER]).await.unwrap(), Schema::Current);
}

#[tokio::test]
async fn a_set_without_a_plain_name_of_its_own_is_refused_before_anything_is_touched() {
    let home = empty_database().await;
    let database = home.connect().await;
    let connection = database.connection();
    let crooked = MigrationSet { name: "notes\"; DROP TABLE users; --", ..NOTES };
    for sets in [&[crooked][..], &[MigrationSet { name: "", ..NOTES }], &[NOTES, TAGS, LATER]] {
        migrate(connection, sets).await.unwrap_err();
        look(connection, sets).await.unwrap_err();
        applied(connection, sets).await.unwrap_err();
    }
    assert!(!has_table(connection, "seaql_migrations").await);
}
