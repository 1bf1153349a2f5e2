//! A copy of the database to read from: what may be a moment old is read there, everything else never is.
//!
//! A second database stands in for the copy, so that one can tell them apart.

use std::time::{Duration, Instant};

use keyward_api::testing::app::TestApp;
use keyward_api::testing::person::Person;
use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::testing::{TestDatabase, fresh_database};
use serde_json::json;

use crate::app::{Starts, Writes};
use crate::proxy::{Mode, Proxy};

const PATIENCE: Duration = Duration::from_mins(1);

/// The service, the database in its copy's stead, and the wire to that; `None` on SQLite.
async fn with_a_copy() -> Option<(TestApp, TestApp, Proxy)> {
    let (home, copy): (TestDatabase, TestDatabase) = (fresh_database().await, fresh_database().await);
    if !home.is_postgres() {
        return None;
    }
    let (proxy, url) = Proxy::before(&copy.url).await;
    let database = home.connect().await.with_replica(&url, DatabaseOptions::default()).unwrap();
    let stand_in = copy.connect().await;
    Some((TestApp::over(home, database), TestApp::over(copy, stand_in), proxy))
}

/// Adds a category. Returns its id.
async fn category(root: &Person, name: &str) -> i64 {
    root.post("/categories", json!({ "name": name })).await.assert_status(201).json()["id"].as_i64().unwrap()
}

/// Adds a product in a category of its own.
async fn product(root: &Person, name: &str) {
    let category = category(root, "Things").await;
    let product =
        json!({ "name": name, "description": "d", "price": 1.0, "quantity": 1, "category_id": category });
    root.post("/products", product).await.assert_status(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_lists_and_lists_of_administrators_come_from_the_copy_and_nothing_else_does() {
    let Some((app, copy, _proxy)) = with_a_copy().await else { return };
    // In the copy: two accounts, a post, a category and a product. In the database: one account more, and other things.
    let there = copy.admin("there").await;
    copy.user("also-there").await.writes("Old news", true).await;
    product(&there, "Old tea").await;
    let here = app.admin("here").await;
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    for name in ["One", "Two", "Three"] {
        category(&here, name).await;
    }

    let anonymous = app.anonymous();
    let names = |answer: keyward_api::testing::answer::Answer| {
        let list = answer.assert_status(200).json();
        let names =
            list.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap_or("").to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(anonymous.get("/blog").await.json()[0]["title"], "Old news");
    assert_eq!(names(anonymous.get("/products").await), ["Old tea"]);
    assert_eq!(anonymous.get("/categories").await.ids().len(), 1);
    assert_eq!(here.get("/users").await.ids().len(), 2);

    // A session, a login and one's own posts are read where they were just written.
    assert_eq!(here.get("/users/me").await.assert_status(200).json()["email"], "here@example.com");
    assert_eq!(app.log_in("ana").await.id, ana.id);
    let mine = ana.writes("News", true).await;
    assert_eq!(ana.get("/posts").await.json()[0]["title"], "News");
    assert_eq!(bob.get(&format!("/posts/{mine}")).await.json()["title"], "News");
    // What the copy does not have yet is there all the same.
    let third = anonymous.get("/categories/3").await.assert_status(200).json();
    assert_eq!(third["name"], "Three");
    anonymous.get("/categories/99").await.assert_status(404);
    // Nothing is ever written there.
    assert_eq!(copy.anonymous().get("/categories").await.ids().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_copy_is_away_the_database_answers_and_afterwards_the_copy_does_again() {
    let Some((app, copy, proxy)) = with_a_copy().await else { return };
    category(&copy.admin("there").await, "Old").await;
    category(&app.admin("here").await, "New").await;
    let name = async || app.anonymous().get("/categories").await.assert_status(200).json()[0]["name"].clone();
    assert_eq!(name().await, "Old");
    for mode in [Mode::Refuse, Mode::Swallow] {
        proxy.set(mode).await;
        for _ in 0..20 {
            assert_eq!(name().await, "New", "{mode:?}");
        }
        app.anonymous().get("/health/ready").await.assert_status(200);
        proxy.set(Mode::Flow).await;
        let begun = Instant::now();
        while name().await != json!("Old") {
            assert!(begun.elapsed() < PATIENCE, "{mode:?}: the copy is not used again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
