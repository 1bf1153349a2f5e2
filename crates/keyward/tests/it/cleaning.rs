//! Cleaning: what is over goes in statements of bounded size, so that no other write waits for long.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use keyward_api::testing::app::TestApp;
use keyward_domain::model::attempts::{AttemptKey, Budget};
use keyward_domain::model::lifetimes::Lifetimes;
use keyward_domain::upkeep::cleaning::Housekeeping;
use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::testing::fresh_database;
use sea_orm::ConnectionTrait;
use time::Duration;

use crate::app::Starts;

/// Inserts of rows that are over, on SQLite and on PostgreSQL; [`MANY`] stands before each.
const OVER: [[&str; 2]; 3] = [
    [
        "INSERT INTO revocations (session_id, user_id, revoked_at) SELECT randomblob(16), 1, 0 FROM n",
        "INSERT INTO revocations (session_id, user_id, revoked_at) SELECT gen_random_uuid(), 1, 0 FROM n",
    ],
    [
        "INSERT INTO recoveries (owner, token_hash, expires_at) \
         SELECT CAST('o' || i AS blob), CAST('h' || i AS blob), 0 FROM n",
        "INSERT INTO recoveries (owner, token_hash, expires_at) \
         SELECT convert_to('o' || i, 'UTF8'), convert_to('h' || i, 'UTF8'), 0 FROM n",
    ],
    [
        "INSERT INTO outbox (reference, recipient, subject, text_part, html_part, created_at, state, at, attempts) \
         SELECT randomblob(16), 'ana@example.com', 'Hello', x'', x'', 0, 'sent', 0, 1 FROM n",
        "INSERT INTO outbox (reference, recipient, subject, text_part, html_part, created_at, state, at, attempts) \
         SELECT gen_random_uuid(), 'ana@example.com', 'Hello', '', '', 0, 'sent', 0, 1 FROM n",
    ],
];
const MANY: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)";

#[tokio::test]
async fn what_is_over_is_removed_in_batches() {
    let deletes = Arc::new(Mutex::new(BTreeMap::<String, usize>::new()));
    let seen = Arc::clone(&deletes);
    let home = fresh_database().await;
    let postgres = usize::from(home.is_postgres());
    let database = home.connect_witnessed(DatabaseOptions::default(), move |statement| {
        let table = statement.sql.strip_prefix("DELETE FROM \"").and_then(|rest| rest.split('"').next());
        if let Some(table) = table {
            *seen.lock().unwrap().entry(table.to_owned()).or_default() += 1;
        }
    });
    let database = database.await;
    let app = TestApp::over(home, database);
    for insert in OVER {
        let insert = format!("{MANY} {}", insert[postgres]);
        app.database.connection().execute_unprepared(&insert).await.unwrap();
    }
    Housekeeping::new(app.ports.clone(), Lifetimes::default()).clean().await.unwrap();
    let deletes = deletes.lock().unwrap();
    for table in ["revocations", "recoveries", "outbox"] {
        assert_eq!(deletes.get(table), Some(&3), "1,200 rows of {table}: {deletes:?}");
    }
}

#[tokio::test]
async fn failed_attempts_that_are_over_are_removed_in_batches() {
    let deletes = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&deletes);
    let home = fresh_database().await;
    let database = home.connect_witnessed(DatabaseOptions::default(), move |statement| {
        let counts = statement.sql.starts_with("DELETE FROM \"attempts\"");
        seen.fetch_add(usize::from(counts), Ordering::Relaxed);
    });
    let database = database.await;
    let app = TestApp::over(home, database);
    let budget = Budget { free: 5, first: Duration::seconds(1), cap: Duration::seconds(1), forgive: None };
    let mut tx = app.ports.store.begin().await.unwrap();
    for number in 0..1_200_u32 {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&number.to_be_bytes());
        assert!(tx.attempts().fail(AttemptKey(key), app.ports.clock.now(), budget).await.unwrap());
    }
    tx.commit().await.unwrap();
    app.clock.advance(Duration::days(3));
    Housekeeping::new(app.ports.clone(), Lifetimes::default()).clean().await.unwrap();
    assert!(deletes.load(Ordering::Relaxed) >= 3, "1,200 rows went in {deletes:?} statements");
    let until = app.ports.store.autocommit().attempts().forget(app.ports.clock.now()).await.unwrap();
    assert_eq!(until, 0, "all of them went");
}
