//! Tokens of OAuth2 clients: they operate on their user's account with the scope `account` alone.

use keyward_api::testing::app::{PASSWORD, TestApp};
use serde_json::json;

use super::locks::{locked, path};
use super::{holder, made};
use crate::app::Starts;
use crate::oauth::{log_in, register_for, token};
use crate::sessions::{holder as session, refreshed};

/// Operations without a scope that a client's token opens all the same.
const OPEN: [(&str, &str); 4] =
    [("GET", "/users/{id}"), ("GET", "/oauth/check"), ("POST", "/secret"), ("POST", "/logout")];

#[tokio::test]
async fn a_clients_token_without_the_scope_account_operates_on_no_account() {
    let app = TestApp::start().await;
    app.user("ana").await;
    register_for(&app, "web", "posts:read shop").await;
    let web = log_in(&app, Some("web")).await;
    let own = format!("/users/{}", web.id);
    assert_eq!(web.get(&own).await.assert_status(403).code(), "insufficient_scope");
    let mut refused = 0;
    for operation in locked() {
        let name = format!("{} {}", operation.method, operation.path);
        let scope = &operation.spec["security"][0]["OAuth2PasswordBearer"][0];
        if scope.is_string() || OPEN.contains(&(&operation.method, &operation.path)) {
            continue;
        }
        let answer = web.call(&operation.method, &path(operation)).send().await;
        assert_eq!((answer.status.as_u16(), &*answer.code()), (403, "insufficient_scope"), "{name}");
        assert!(answer.header("www-authenticate").contains("scope=\"account\""), "{name}: {answer:?}");
        refused += 1;
    }
    assert!(refused >= 17, "only {refused} operations ask for the scope");
    web.post("/logout", json!({})).await.assert_status(204);
}

#[tokio::test]
async fn a_client_of_the_scope_account_operates_on_its_users_account() {
    let app = TestApp::start().await;
    app.user("ana").await;
    register_for(&app, "manager", "account posts:read").await;
    let manager = log_in(&app, Some("manager")).await;
    let granted = |answer: &serde_json::Value| answer["scope"].as_str().unwrap().to_owned();
    let body = json!({ "name": "Ana" });
    manager.patch("/users/me", body.clone()).await.assert_status(200);
    manager.get("/users/me/factors").await.assert_status(200);
    manager.get("/sessions").await.assert_status(200);
    // A key is good for what the client was registered for, and never for accounts.
    let key = made(&manager, json!({ "name": "k" })).await;
    assert_eq!(key["scope"], "posts:read");
    holder(&manager, &key).patch("/users/me", body.clone()).await.assert_status(403);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", manager.refresh.as_str())];
    let next = token(&app, Some("manager"), &fields).await.assert_status(200).json();
    assert_eq!(granted(&next), "account posts:read", "a refresh keeps it");
    let narrow = [
        ("grant_type", "password"),
        ("username", "ana@example.com"),
        ("password", "seven wild horses"),
        ("scope", "posts:read"),
    ];
    let narrow = token(&app, Some("manager"), &narrow).await.assert_status(200).json();
    let narrow = session(&app, &narrow);
    narrow.patch("/users/me", body).await.assert_status(403);
    // No account has the scope of its own: it is for clients.
    let own = json!({ "username": "ana@example.com", "password": "seven wild horses", "scope": "account" });
    assert_eq!(app.anonymous().post("/login", own).await.assert_status(400).code(), "invalid_scope");
}

#[tokio::test]
async fn a_users_own_token_operates_on_the_account_whatever_its_scope() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let login =
        json!({ "username": "ana@example.com", "password": "seven wild horses", "scope": "posts:read" });
    let tokens = app.anonymous().post("/login", login).await.assert_status(200).json();
    let narrow = session(&app, &tokens);
    narrow.patch("/users/me", json!({ "name": "Ana" })).await.assert_status(200);
    refreshed(&app, &narrow.refresh).await.get("/sessions").await.assert_status(200);
}

#[tokio::test]
async fn who_has_to_enrol_first_can_do_so_through_a_client_of_that_scope() {
    let app = TestApp::with_flags(&["--second-factor", "required"]).await;
    let account = json!({ "email": "ana@example.com", "password": "seven wild horses" });
    app.anonymous().post("/users", account).await.assert_status(201);
    register_for(&app, "web", "posts:read").await;
    register_for(&app, "manager", "account posts:read").await;
    let web = log_in(&app, Some("web")).await;
    assert_eq!(web.post("/users/me/totp", json!({})).await.assert_status(403).code(), "insufficient_scope");
    let manager = log_in(&app, Some("manager")).await;
    manager.post("/users/me/totp", json!({})).await.assert_status(200);
    manager.get("/posts").await.assert_status(403);
}

#[tokio::test]
async fn a_client_that_administers_does_not_reach_its_own_users_account_by_that() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let bob = app.user("bob").await;
    register_for(&app, "console", "admin posts:read").await;
    let fields = [("grant_type", "password"), ("username", "root@example.com"), ("password", PASSWORD)];
    let console = token(&app, Some("console"), &fields).await.assert_status(200).json();
    let console = session(&app, &console);
    let own = format!("/users/{}", root.id);
    for (method, path) in [
        ("PATCH", own.clone()),
        ("DELETE", own.clone()),
        ("DELETE", format!("{own}/factors")),
        ("GET", own.clone()),
        ("GET", "/users/me".to_owned()),
        ("GET", format!("{own}/api-keys")),
        ("DELETE", format!("{own}/api-keys")),
        ("DELETE", format!("{own}/api-keys/1")),
    ] {
        let call = console.call(method, &path);
        let call = if method == "PATCH" { call.json(&json!({ "role": "user" })) } else { call };
        let answer = call.send().await.assert_status(403);
        assert_eq!(answer.code(), "insufficient_scope", "{method} {path}");
    }
    console.get(&format!("/users/{}", bob.id)).await.assert_status(200);
    console.get(&format!("/users/{}/api-keys", bob.id)).await.assert_status(200);
    root.get("/users/me").await.assert_status(200);
}
