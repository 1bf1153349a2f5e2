//! Many at once: constraints decide, no write is lost, and nothing is a server error.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_api::testing::person::Person;
use keyward_api::testing::race::{at_once, count};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::app::{Starts, Writes};

#[tokio::test(flavor = "multi_thread")]
async fn of_64_sign_ups_with_one_address_exactly_one_succeeds() {
    let app = TestApp::start().await;
    for path in ["/users", "/signup"] {
        let answers = at_once(64, |number| {
            let local = if number % 2 == 0 { "ana" } else { "ANA" };
            let email = format!("{local}@{}.example", &path[1..]);
            let account = json!({ "email": email, "password": PASSWORD });
            let nobody = app.anonymous();
            async move { nobody.post(path, account).await }
        });
        let answers = answers.await;
        assert_eq!((count(&answers, 201), count(&answers, 400)), (1, 63), "{path}");
    }
    assert_eq!(app.admin("root").await.get("/users").await.ids().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_of_64_clients_are_all_written() {
    let app = TestApp::start().await;
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    let answers = at_once(64, |number| {
        let author = if number % 2 == 0 { ana.clone() } else { eve.clone() };
        async move { author.post("/posts", json!({ "title": format!("Post {number}"), "content": "c" })).await }
    });
    let answers = answers.await;
    assert_eq!(count(&answers, 201), 64);
    let ids: BTreeSet<i64> = answers.iter().map(|answer| answer.json()["id"].as_i64().unwrap()).collect();
    assert_eq!(ana.get("/posts?limit=200").await.ids(), ids.into_iter().collect::<Vec<_>>());
    assert_eq!(eve.get("/posts?owner=me&limit=200").await.ids().len(), 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_logout_no_request_is_let_in() {
    let app = TestApp::start().await;
    for round in 0..5 {
        let ana = app.user("ana").await;
        let out = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for _ in 0..16 {
            let (ana, out) = (ana.clone(), Arc::clone(&out));
            tasks.spawn(async move {
                loop {
                    let was_out = out.load(Ordering::SeqCst);
                    let answer = ana.get("/users/me").await;
                    assert!(!was_out || answer.status == 401, "let in after the logout was answered");
                    if was_out {
                        return;
                    }
                }
            });
        }
        tokio::time::sleep(std::time::Duration::from_millis(5 + round)).await;
        ana.call("POST", "/logout").send().await.assert_status(204);
        out.store(true, Ordering::SeqCst);
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_login_with_the_old_password_outlives_its_change() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let change = json!({ "current_password": PASSWORD, "new_password": "another fine phrase" });
    let answers = at_once(17, |number| {
        let (ana, nobody, change) = (ana.clone(), app.anonymous(), change.clone());
        async move {
            if number == 16 {
                return ana.post("/users/me/password", change).await;
            }
            nobody.post("/login", json!({ "username": "ana@example.com", "password": PASSWORD })).await
        }
    });
    for answer in answers.await {
        match answer.status.as_u16() {
            200 => {
                let token = answer.json()["access_token"].as_str().unwrap().to_owned();
                app.bearer(&token)
                    .get("/users/me")
                    .await
                    .assert_invalid_token("logged in with the old password");
            }
            other => assert!([204, 401, 429].contains(&other), "{}", answer.text()),
        }
    }
    ana.get("/users/me").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_password_changes_at_once_one_wins() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let answers = at_once(8, |number| {
        let (ana, new) = (ana.clone(), format!("fine phrase number {number}"));
        async move {
            let change = json!({ "current_password": PASSWORD, "new_password": new });
            ana.post("/users/me/password", change).await
        }
    });
    let answers = answers.await;
    // Those that come late have the wrong password, and too many of them have to wait.
    assert_eq!((count(&answers, 204), count(&answers, 403) + count(&answers, 429)), (1, 7));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_deleted_in_the_middle_of_writing_gets_401_and_leaves_nothing() {
    let app = TestApp::start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let answers = at_once(33, |number| {
        let (root, ana) = (root.clone(), ana.clone());
        async move {
            match number {
                32 => root.delete(&format!("/users/{}", ana.id)).await,
                _ => ana.post("/posts", json!({ "title": "t", "content": "c" })).await,
            }
        }
    });
    let answers = answers.await;
    assert_eq!(count(&answers, 204), 1);
    assert_eq!(count(&answers, 201) + count(&answers, 401), 32);
    assert!(root.get("/posts").await.ids().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_deleted_by_many_is_deleted_once() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let path = format!("/posts/{}", ana.writes("Hello", true).await);
    let answers = at_once(16, |number| {
        let (ana, path) = (ana.clone(), path.clone());
        async move {
            match number % 2 {
                0 => ana.delete(&path).await,
                _ => ana.put(&path, json!({ "title": "t", "content": "c" })).await,
            }
        }
    });
    let answers = answers.await;
    assert_eq!(count(&answers, 204), 1);
    assert_eq!(count(&answers, 200) + count(&answers, 404), 15);
    ana.get(&path).await.assert_status(404);
}

/// Reads, writes and reads again, as often as `rounds`.
async fn busy(person: Person, rounds: usize) -> Result<(), Value> {
    for round in 0..rounds {
        let id = person.writes(&format!("Round {round}"), false).await;
        let path = format!("/posts/{id}");
        let title = json!({ "title": format!("Round {round} again"), "content": "c", "published": false });
        person.put(&path, title.clone()).await.assert_status(200);
        let read = person.get(&path).await.assert_status(200).json();
        if read["title"] != title["title"] {
            return Err(read);
        }
        person.delete(&path).await.assert_status(204);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_reads_their_own_writes() {
    let app = TestApp::start().await;
    let mut tasks = JoinSet::new();
    for number in 0..12 {
        tasks.spawn(busy(app.user(&format!("user{number}")).await, 5));
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_take_each_other_away_at_once_one_is_left() {
    for round in 0..6 {
        let app = TestApp::start().await;
        let admins = [app.admin("ana").await, app.admin("eve").await];
        let answers = at_once(2, |number| {
            let (caller, path) = (admins[number].clone(), format!("/users/{}", admins[1 - number].id));
            async move {
                match (round + number) % 3 {
                    0 => caller.patch(&path, json!({ "role": "user" })).await,
                    1 => caller.patch(&path, json!({ "disabled": true })).await,
                    _ => caller.delete(&path).await,
                }
            }
        });
        let answers = answers.await;
        assert_eq!(count(&answers, 200) + count(&answers, 204), 1, "{answers:?}");
        // A late request is refused like any other, or is the last one.
        let refused = count(&answers, 401) + count(&answers, 403) + count(&answers, 409);
        assert_eq!(refused, 1, "{answers:?}");
        let left = app.ports.store.begin().await.unwrap().user_changes().administrators(9).await.unwrap();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}
