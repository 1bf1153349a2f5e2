//! Scopes of services that trust Keyward's tokens, as `KEYWARD_USER_SCOPES` and `KEYWARD_ADMIN_SCOPES` name them.

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use serde_json::json;

use crate::app::Starts;

const FLAGS: [&str; 4] = ["--user-scopes", "invoices:read", "--admin-scopes", "invoices:write"];

#[tokio::test]
async fn everybody_may_have_a_scope_of_another_service_and_administrators_one_more() {
    let app = TestApp::with_flags(&FLAGS).await;
    let root = app.admin("root").await;
    let ana = app.user("ana").await;
    for (who, scope, status) in [
        (&ana, "invoices:read", 200),
        (&ana, "invoices:read posts:read", 200),
        (&ana, "invoices:write", 400),
        (&root, "invoices:read invoices:write", 200),
        (&root, "invoices:delete", 400),
    ] {
        let login = json!({ "email": who.email, "password": PASSWORD, "scope": scope });
        let answer = app.anonymous().post("/login", login).await.assert_status(status).json();
        assert_eq!(answer["scope"].as_str(), (status == 200).then_some(scope), "{scope}");
    }
    let all = app.anonymous().post("/login", json!({ "email": address("ana"), "password": PASSWORD })).await;
    assert_eq!(all.assert_status(200).json()["scope"], "invoices:read posts:read posts:write shop");
    let metadata = app.anonymous().get("/.well-known/oauth-authorization-server").await.json();
    let supported = metadata["scopes_supported"].as_array().unwrap();
    assert!(supported.contains(&json!("invoices:write")) && supported.contains(&json!("admin")));
}

#[tokio::test]
async fn without_the_setting_there_is_no_such_scope() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let login = json!({ "email": ana.email, "password": PASSWORD, "scope": "invoices:read" });
    assert_eq!(
        app.anonymous().post("/login", login).await.assert_status(400).json()["error"],
        "invalid_scope"
    );
}

#[tokio::test]
async fn who_is_no_administrator_any_more_refreshes_to_less() {
    let app = TestApp::with_flags(&FLAGS).await;
    let (root, eve) = (app.admin("root").await, app.admin("eve").await);
    root.patch(&format!("/users/{}", eve.id), json!({ "role": "user" })).await.assert_status(200);
    let next = app.anonymous().post("/refresh_token", json!({ "refresh_token": eve.refresh })).await;
    assert_eq!(next.assert_status(200).json()["scope"], "invoices:read posts:read posts:write shop");
}
