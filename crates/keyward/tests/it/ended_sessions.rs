//! The ends of sessions: each way to end one ends every token of it at once, and nothing else.

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::person::Person;
use keyward_api::testing::race::at_once;
use serde_json::{Value, json};

use crate::app::Starts;
use crate::sessions::{assert_spent, counter, holder, refresh, refreshed, session_of};

const NEW: &str = "another fine phrase";

/// That nothing of a session is good any more.
async fn assert_ended(person: &Person, what: &str) {
    person.get("/users/me").await.assert_gone(what);
    assert_spent(&person.app, &person.refresh, what).await;
}

/// That a session stands, and goes on.
async fn assert_stands(person: &Person) -> Person {
    person.get("/users/me").await.assert_status(200);
    refreshed(&person.app, &person.refresh).await
}

async fn listed(person: &Person) -> Vec<Value> {
    person.get("/sessions").await.assert_status(200).json().as_array().unwrap().clone()
}

#[tokio::test]
async fn a_logout_ends_this_session_at_once_and_no_other() {
    let app = TestApp::start().await;
    for body in [None, Some(json!({})), Some(json!({ "refresh_token": "x" }))] {
        let (ana, other, eve) = (app.user("ana").await, app.log_in("ana").await, app.user("eve").await);
        let next = refreshed(&app, &ana.refresh).await;
        let call = ana.call("POST", "/logout");
        let call = match &body {
            Some(body) => call.json(body),
            None => call,
        };
        call.send().await.assert_status(204);
        assert_ended(&ana, "after the logout").await;
        assert_ended(&next, "refreshed before the logout").await;
        ana.call("POST", "/logout").send().await.assert_gone("a second logout");
        assert_stands(&other).await;
        assert_stands(&eve).await;
    }
}

#[tokio::test]
async fn logging_out_everywhere_ends_every_session_of_mine_only() {
    let app = TestApp::start().await;
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    let others = [app.log_in("ana").await, app.log_in("ana").await];
    ana.call("POST", "/logout/all").send().await.assert_status(204);
    for person in [&ana, &others[0], &others[1]] {
        assert_ended(person, "after the logout everywhere").await;
    }
    assert_stands(&eve).await;
    assert_eq!(listed(&app.log_in("ana").await).await.len(), 1);
}

#[tokio::test]
async fn the_list_shows_my_own_sessions_and_no_token_material() {
    let app = TestApp::start().await;
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    let login = json!({ "username": address("ana"), "password": PASSWORD });
    let call = app.anonymous().call("POST", "/login").json(&login).header("user-agent", "Phone/1");
    let phone = holder(&app, &call.from("192.0.2.7").send().await.assert_status(200).json());
    let phone = refreshed(&app, &phone.refresh).await;
    let answer = phone.get("/sessions").await.assert_status(200);
    let list = listed(&phone).await;
    assert_eq!(list.len(), 2);
    let ids = [session_of(&phone), session_of(&ana)].map(|id| json!(id.to_string()));
    assert_eq!([&list[0]["id"], &list[1]["id"]], [&ids[0], &ids[1]]);
    assert_eq!([&list[0]["current"], &list[1]["current"]], [true, false]);
    assert_eq!((&list[0]["user_agent"], &list[0]["ip"]), (&json!("Phone/1"), &json!("192.0.2.7")));
    let fields: Vec<&String> = list[0].as_object().unwrap().keys().collect();
    assert_eq!(fields.len(), 6, "{fields:?}");
    for secret in [&phone.refresh, &ana.refresh, phone.token(), ana.token()] {
        assert!(!answer.text().contains(secret));
    }
    assert_eq!(listed(&eve).await.len(), 1);
}

#[tokio::test]
async fn the_list_comes_in_pages_newest_first_and_leaves_no_session_out() {
    let app = TestApp::start().await;
    let mut sessions = vec![app.user("ana").await];
    app.user("eve").await;
    for _ in 0..4 {
        app.clock.advance(time::Duration::seconds(1));
        sessions.push(app.log_in("ana").await);
    }
    let ana = sessions.last().unwrap();
    let expected: Vec<_> = sessions.iter().rev().map(|one| json!(session_of(one).to_string())).collect();
    let (mut path, mut pages) = (Some("/sessions?limit=2".to_owned()), Vec::new());
    while let Some(here) = path {
        let answer = ana.get(&here).await.assert_status(200);
        path = answer.next();
        pages.push(answer.json().as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>());
        if pages.len() == 1 {
            // One that ends between two pages costs no other its place.
            ana.delete(&format!("/sessions/{}", session_of(&sessions[3]))).await.assert_status(204);
        }
    }
    assert_eq!(pages, [&expected[..2], &expected[2..4], &expected[4..]]);
    let users = app.admin("root").await.get("/users?limit=1").await.next().unwrap();
    let foreign = users.replace("/users", "/sessions");
    assert_eq!(ana.get(&foreign).await.fault()["loc"], json!(["query", "after"]), "a cursor of another list");
}

#[tokio::test]
async fn a_session_of_mine_can_be_ended_from_another_and_nobody_elses() {
    let app = TestApp::start().await;
    let (ana, other) = (app.user("ana").await, app.log_in("ana").await);
    let (eve, root) = (app.user("eve").await, app.admin("root").await);
    let path = |person: &Person| format!("/sessions/{}", session_of(person));
    for stranger in [&eve, &root] {
        let answer = stranger.delete(&path(&other)).await.assert_status(404);
        assert_eq!(answer.detail(), format!("session with id: {} was not found", session_of(&other)));
    }
    let other = assert_stands(&other).await;
    ana.delete(&path(&other)).await.assert_status(204);
    assert_ended(&other, "ended from another session").await;
    ana.delete(&path(&other)).await.assert_status(404);
    ana.delete("/sessions/00000000-0000-7000-8000-000000000000").await.assert_status(404);
    for bad in ["x", "1", "' OR 1=1"] {
        ana.delete(&format!("/sessions/{}", bad.replace(' ', "%20"))).await.fault();
    }
    let ana = assert_stands(&ana).await;
    ana.delete(&path(&ana)).await.assert_status(204);
    assert_ended(&ana, "ended by itself").await;
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_the_old_password() {
    let app = TestApp::start().await;
    let (ana, other, eve) = (app.user("ana").await, app.log_in("ana").await, app.user("eve").await);
    let change = |current: &str| json!({ "current_password": current, "new_password": NEW });
    ana.post("/users/me/password", change("something else")).await.assert_status(403);
    assert_stands(&other).await;
    let other = app.log_in("ana").await;
    ana.post("/users/me/password", change(PASSWORD)).await.assert_status(204);
    assert_ended(&other, "after the password changed").await;
    assert_stands(&ana).await;
    assert_stands(&eve).await;
    let login = |password: &str| json!({ "username": address("ana"), "password": password });
    app.anonymous().post("/login", login(PASSWORD)).await.assert_status(401);
    app.anonymous().post("/login", login(NEW)).await.assert_status(200);
}

#[tokio::test]
async fn disabling_and_deleting_an_account_kills_every_token_of_it() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let (ana, other) = (app.user("ana").await, app.log_in("ana").await);
    let path = format!("/users/{}", ana.id);
    root.patch(&path, json!({ "disabled": true })).await.assert_status(200);
    for person in [&ana, &other] {
        assert_ended(person, "disabled").await;
    }
    let login = json!({ "username": address("ana"), "password": PASSWORD });
    app.anonymous().post("/login", login.clone()).await.assert_status(401);
    root.patch(&path, json!({ "disabled": false })).await.assert_status(200);
    for person in [&ana, &other] {
        assert_ended(person, "enabled again: old tokens stay dead").await;
    }
    let (ana, other) = (app.log_in("ana").await, app.log_in("ana").await);
    root.delete(&path).await.assert_status(204);
    for person in [&ana, &other] {
        assert_ended(person, "deleted").await;
    }
    app.anonymous().post("/login", login).await.assert_status(401);
    let eve = app.user("eve").await;
    eve.call("DELETE", "/users/me").json(&json!({ "password": PASSWORD })).send().await.assert_status(204);
    assert_ended(&eve, "deleted by herself").await;
}

#[tokio::test]
async fn another_role_takes_effect_on_live_tokens_at_once() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let ana = app.user("ana").await;
    let path = format!("/users/{}", ana.id);
    root.patch(&path, json!({ "role": "admin" })).await.assert_status(200);
    ana.get("/users").await.assert_status(403);
    let boss = app.log_in("ana").await;
    boss.get("/users").await.assert_status(200);
    root.patch(&path, json!({ "role": "user" })).await.assert_status(200);
    let answer = boss.get("/users").await.assert_status(403);
    assert!(answer.header("www-authenticate").contains("insufficient_scope"));
    boss.post("/categories", json!({ "name": "x" })).await.assert_status(403);
    boss.get("/posts").await.assert_status(200);
    let tokens = refresh(&app, &boss.refresh).await.assert_status(200).json();
    assert_eq!(tokens["scope"], "posts:read posts:write shop");
    holder(&app, &tokens).get("/users").await.assert_status(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_minted_while_a_logout_runs_survives_it() {
    let app = TestApp::start().await;
    for round in 0..20 {
        let ana = app.user("ana").await;
        let path = ["/logout", "/logout/all"][round % 2];
        let answers = at_once(9, |number| {
            let (app, ana) = (app.clone(), ana.clone());
            async move {
                match number {
                    4 => ana.call("POST", path).send().await,
                    _ => refresh(&app, &ana.refresh).await,
                }
            }
        });
        for answer in answers.await {
            match answer.status.as_u16() {
                200 => assert_ended(&holder(&app, &answer.json()), "minted during the logout").await,
                other => assert!([204, 401].contains(&other), "{}", answer.text()),
            }
        }
        assert_eq!(counter(&app, session_of(&ana)).await, None);
    }
}
