//! Cleaning: what is over goes in statements of bounded size, so that no other write waits for long.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use keyward_api::testing::app::TestApp;
use keyward_domain::model::attempts::{AttemptKey, Budget};
use keyward_domain::model::lifetimes::Lifetimes;
use keyward_domain::upkeep::cleaning::Housekeeping;
use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::testing::fresh_database;
use time::Duration;

use crate::app::Starts;

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
