//! What a refresh costs the database.

use std::sync::{Arc, Mutex};

use keyward_api::testing::app::TestApp;
use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::testing::fresh_database;
use serde_json::json;
use time::Duration;

use crate::app::Starts;
use crate::forge::{decode, encode};
use crate::sessions::{assert_spent, counter, refresh, refreshed, session_of};

/// The service, and the statements that have run.
async fn listening() -> (TestApp, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let statements = Arc::clone(&heard);
    let home = fresh_database().await;
    let database = home.connect_witnessed(DatabaseOptions::default(), move |statement| {
        statements.lock().unwrap().push(statement.sql.clone());
    });
    let database = database.await;
    (TestApp::over(home, database), heard)
}

#[tokio::test]
async fn a_refresh_is_one_statement() {
    let (app, heard) = listening().await;
    let mut ana = app.user("ana").await;
    for _ in 0..3 {
        heard.lock().unwrap().clear();
        ana = refreshed(&app, &ana.refresh).await;
        let heard = heard.lock().unwrap();
        assert!(heard.len() == 1 && heard[0].contains("UPDATE sessions"), "{heard:?}");
    }
    assert_eq!(counter(&app, session_of(&ana)).await, Some(3));
}

#[tokio::test]
async fn a_forged_refresh_token_costs_no_statement() {
    let (app, heard) = listening().await;
    let ana = app.user("ana").await;
    let good = decode(&ana.refresh["kwr_".len()..]);
    heard.lock().unwrap().clear();
    // A bit of the session, the counter, the salt and the proof.
    for byte in [0, 15, 16, 23, 24, 39, 40, good.len() - 1] {
        let mut forged = good.clone();
        forged[byte] ^= 1;
        assert_spent(&app, &format!("kwr_{}", encode(forged)), "a forged token").await;
    }
    assert!(heard.lock().unwrap().is_empty(), "{heard:?}");
    refreshed(&app, &ana.refresh).await;
}

#[tokio::test]
async fn a_narrower_scope_is_looked_at_before_the_token_is_spent() {
    let (app, heard) = listening().await;
    let ana = app.user("ana").await;
    heard.lock().unwrap().clear();
    let body = json!({ "refresh_token": ana.refresh, "scope": "admin" });
    app.anonymous().post("/refresh_token", body).await.assert_status(400);
    assert!(heard.lock().unwrap().iter().all(|sql| sql.starts_with("SELECT")), "{heard:?}");
    app.clock.advance(Duration::minutes(1));
    refreshed(&app, &ana.refresh).await;
}

#[tokio::test]
async fn a_token_of_another_sessions_salt_is_no_token_of_this_one() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    // As after a restore: the proof is ours, and the row says otherwise.
    let (ana_id, bob_id) = (ana.id, bob.id);
    let salt = format!(
        "UPDATE sessions SET salt = (SELECT salt FROM sessions AS other WHERE other.user_id = {bob_id})
         WHERE user_id = {ana_id}"
    );
    app.home.execute(&salt).await;
    assert_spent(&app, &ana.refresh, "a salt that is not its session's").await;
    refreshed(&app, &bob.refresh).await;
    assert_eq!(refresh(&app, &ana.refresh).await.json()["code"], "invalid_refresh_token");
    assert_eq!(counter(&app, session_of(&ana)).await, Some(0));
}
