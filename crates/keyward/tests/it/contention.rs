//! A database that reports serialization failures: callers notice nothing, and nothing happens twice.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::race::{at_once, count};
use keyward_infra::testing::fresh_database;
use serde_json::json;

use crate::app::Starts;

/// The service on a serializable PostgreSQL; `None` on SQLite, where writers queue.
async fn serializable() -> Option<TestApp> {
    let home = fresh_database().await;
    if !home.is_postgres() {
        return None;
    }
    let name = home.url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    home.execute(&format!("ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")).await;
    let database = home.connect().await;
    Some(TestApp::over(home, database))
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status.as_u16()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refresh_token_shown_many_times_at_once_is_spent_once_and_none_fails() {
    let Some(app) = serializable().await else { return };
    let ana = app.user("ana").await;
    let answers = at_once(24, |_| {
        let (nobody, token) = (app.anonymous(), ana.refresh.clone());
        async move { nobody.post("/refresh_token", json!({ "refresh_token": token })).await }
    });
    let answers = answers.await;
    assert_eq!(count(&answers, 200), 24, "{:?}", statuses(&answers));
    let first = answers[0].json()["refresh_token"].clone();
    assert!(
        answers.iter().all(|answer| answer.json()["refresh_token"] == first),
        "all get the same successor"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_sign_ups_and_logouts_at_once_are_all_served() {
    let Some(app) = serializable().await else { return };
    let ana = app.user("ana").await;
    let answers = at_once(32, |number| {
        let (nobody, ana) = (app.anonymous(), ana.clone());
        async move {
            match number % 4 {
                0 => {
                    let account = json!({ "email": address(&format!("new{number}")), "password": PASSWORD });
                    nobody.post("/signup", account).await
                }
                1 => nobody.post("/login", json!({ "username": ana.email, "password": PASSWORD })).await,
                2 => ana.post("/posts", json!({ "title": "title", "content": "content" })).await,
                _ => ana.patch("/users/me", json!({ "name": format!("Ana {number}") })).await,
            }
        }
    });
    let answers = answers.await;
    let served = [201, 200].map(|status| count(&answers, status)).iter().sum::<usize>();
    assert_eq!(served, 32, "{:?}", statuses(&answers));
}
