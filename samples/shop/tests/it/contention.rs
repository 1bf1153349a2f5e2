//! Orders on a database that refuses transactions it cannot put in an order: callers notice nothing, and nothing
//! happens twice.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::TestApp;
use keyward_api::testing::race::{at_once, count};
use keyward_infra::testing::fresh_database;
use serde_json::json;

use crate::cart::add;
use crate::catalog::{product, stock};

/// The service on a serializable PostgreSQL; `None` on SQLite, where writers queue.
async fn serializable() -> Option<TestApp> {
    let home = fresh_database().await;
    if !home.is_postgres() {
        return None;
    }
    let name = home.url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    home.execute(&format!("ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")).await;
    let database = home.connect().await;
    Some(TestApp::on(home, database, vec![keyward_shop::resource()]))
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status.as_u16()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_race_for_the_last_pieces_take_exactly_those_and_none_fails() {
    const BUYERS: usize = 24;
    const PIECES: u32 = 10;
    let Some(app) = serializable().await else { return };
    let root = app.admin("root").await;
    let tea = product(&root, "Tea", 1.5, PIECES).await;
    let mut buyers = Vec::new();
    for number in 0..BUYERS {
        let buyer = app.user(&format!("buyer{number}")).await;
        add(&buyer, tea, 1).await.assert_status(201);
        buyers.push(buyer);
    }
    let answers = at_once(BUYERS, |number| {
        let buyer = buyers[number].clone();
        async move { buyer.post("/orders", json!({ "shipping_address": "1 Main Street" })).await }
    });
    let answers = answers.await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (10, 14), "{:?}", statuses(&answers));
    assert_eq!(stock(&app, tea).await, 0);
    assert_eq!(root.get("/orders/all?limit=100").await.ids().len(), 10);
}
