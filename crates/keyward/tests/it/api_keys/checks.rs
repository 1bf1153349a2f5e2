//! What a check of a key costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use keyward_api::testing::app::TestApp;
use keyward_auth::{ApiKey, SystemRandom};
use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::testing::fresh_database;
use serde_json::{Value, json};
use time::Duration;

use super::program;
use crate::app::Starts;

/// The service, and how many statements have run.
async fn counted(matching: &'static str) -> (TestApp, Arc<AtomicUsize>) {
    let statements = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&statements);
    let home = fresh_database().await;
    let database = home.connect_witnessed(DatabaseOptions::default(), move |statement| {
        seen.fetch_add(usize::from(statement.sql.contains(matching)), Ordering::SeqCst);
    });
    let database = database.await;
    (TestApp::over(home, database), statements)
}

#[tokio::test]
async fn a_misspelt_key_costs_no_statement_and_one_that_was_never_made_costs_one() {
    let (app, statements) = counted("").await;
    let ana = app.user("ana").await;
    let text = program(&ana).await.token().to_owned();
    let before = statements.load(Ordering::SeqCst);
    let mut misspelt: Vec<String> = vec![text[..41].to_owned(), format!("{text}x"), "kwp_".to_owned()];
    misspelt.extend((4..42).map(|index| {
        let mut bytes = text.clone().into_bytes();
        bytes[index] = if bytes[index] == b'7' { b'8' } else { b'7' };
        String::from_utf8(bytes).unwrap()
    }));
    for key in &misspelt {
        app.bearer(key).get("/users/me").await.assert_invalid_token("a misspelt key");
    }
    assert_eq!(statements.load(Ordering::SeqCst), before);
    let unknown = ApiKey::generate(&SystemRandom);
    app.bearer(unknown.expose()).get("/users/me").await.assert_invalid_token("a key that was never made");
    assert_eq!(statements.load(Ordering::SeqCst), before + 1);
}

#[tokio::test]
async fn a_key_that_was_checked_just_now_costs_no_statement_and_neither_does_a_token() {
    let (app, statements) = counted("api_keys").await;
    let ana = app.user("ana").await;
    let program = program(&ana).await;
    program.get("/users/me").await.assert_status(200);
    let before = statements.load(Ordering::SeqCst);
    for _ in 0..20 {
        program.get("/users/me").await.assert_status(200);
        ana.get("/users/me").await.assert_status(200);
    }
    assert_eq!(statements.load(Ordering::SeqCst), before, "remembered for the revocation bound");
}

#[tokio::test]
async fn the_use_of_a_key_is_noted_at_most_once_a_minute() {
    let (app, statements) = counted("UPDATE \"api_keys\"").await;
    let ana = app.user("ana").await;
    let program = program(&ana).await;
    let used = async |app: &TestApp| -> Value {
        app.log_in("ana").await.get("/users/me/api-keys").await.json()[0]["last_used_at"].clone()
    };
    assert_eq!(used(&app).await, json!(null));
    for _ in 0..5 {
        program.get("/users/me").await.assert_status(200);
    }
    let first = used(&app).await;
    assert!(first.is_string(), "{first}");
    // Another process does not write it again, either.
    app.replica().bearer(program.token()).get("/users/me").await.assert_status(200);
    assert_eq!(statements.load(Ordering::SeqCst), 1);
    app.clock.advance(Duration::seconds(61));
    let calls = (0..10).map(|_| {
        let program = program.clone();
        tokio::spawn(async move { program.get("/users/me").await.assert_status(200) })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    // Noted beside the requests: by the time of the next login at the latest.
    assert_ne!(used(&app).await, first);
    assert_eq!(statements.load(Ordering::SeqCst), 2);
}
