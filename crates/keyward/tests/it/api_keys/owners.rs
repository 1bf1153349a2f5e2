//! A key is good for what its owner may do at the time of each call.

use std::time::Duration;

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_domain::identity::users::Users;
use keyward_domain::model::users::UserChange;
use keyward_domain::upkeep::deleted_accounts::DeletedAccounts;
use keyward_domain::values::by::By;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::origin::Origin;
use keyward_domain::values::scopes::Role;
use serde_json::json;

use super::program;
use crate::app::Starts;
use crate::factors::phone::enrol;
use crate::sessions::holder;

#[tokio::test]
async fn a_key_of_a_disabled_account_is_refused_at_once_and_good_again_when_that_is_enabled() {
    let app = TestApp::start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let program = program(&ana).await;
    program.get("/posts").await.assert_status(200);
    let path = format!("/users/{}", ana.id);
    root.patch(&path, json!({ "disabled": true })).await.assert_status(200);
    program.get("/posts").await.assert_gone("a key of a disabled account");
    root.patch(&path, json!({ "disabled": false })).await.assert_status(200);
    program.get("/posts").await.assert_status(200);
}

#[tokio::test]
async fn a_key_of_an_administrator_who_was_demoted_administers_nothing_from_then_on() {
    let app = TestApp::start().await;
    let (root, other) = (app.admin("root").await, app.admin("other").await);
    let program = program(&other).await;
    program.get("/users").await.assert_status(200);
    program.post("/categories", json!({ "name": "Tea" })).await.assert_status(201);
    root.patch(&format!("/users/{}", other.id), json!({ "role": "user" })).await.assert_status(200);
    program.get("/users").await.assert_status(403);
    program.post("/categories", json!({ "name": "Coffee" })).await.assert_status(403);
    program.get("/posts").await.assert_status(200);
}

#[tokio::test]
async fn a_deleted_account_leaves_no_key_behind() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let program = program(&ana).await;
    program.get("/users/me").await.assert_status(200);
    let password = json!({ "password": PASSWORD });
    ana.call("DELETE", "/users/me").json(&password).send().await.assert_status(204);
    program.get("/users/me").await.assert_gone("a key of a deleted account");
    DeletedAccounts::new(app.ports.clone()).remove().await.unwrap();
    let tables = ["api_keys".to_owned()];
    let rows = keyward_infra::testing::rows::read(app.database.connection(), &tables).await;
    assert!(rows["api_keys"].is_empty(), "{rows:?}");
}

#[tokio::test]
async fn other_processes_follow_within_the_bound() {
    let app = TestApp::with_flags(&["--revocation-bound", "1s"]).await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let first = program(&ana).await;
    let there = app.replica().bearer(first.token());
    there.get("/posts").await.assert_status(200);
    root.patch(&format!("/users/{}", ana.id), json!({ "disabled": true })).await.assert_status(200);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    there.get("/posts").await.assert_gone("a key of an account that was disabled elsewhere");
}

#[tokio::test]
async fn logging_out_and_a_new_password_leave_keys_as_they_are() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let program = program(&ana).await;
    let change = json!({ "current_password": PASSWORD, "new_password": "eight tame horses" });
    ana.post("/users/me/password", change).await.assert_status(204);
    program.get("/posts").await.assert_status(200);
    ana.post("/logout/all", json!({})).await.assert_status(204);
    ana.get("/users/me").await.assert_gone("a session of before");
    program.get("/posts").await.assert_status(200);
}

#[tokio::test]
async fn where_a_second_factor_is_demanded_a_key_of_an_account_without_one_opens_nothing() {
    let app = TestApp::with_flags(&["--second-factor", "administrators"]).await;
    let ana = app.user("ana").await;
    let program = program(&ana).await;
    program.get("/posts").await.assert_status(200);
    // From now on the policy is about her, too.
    let change = UserChange { role: Some(Role::Admin), ..UserChange::default() };
    let by = By::command("user set-role");
    Users::new(app.ports.clone())
        .update(UserId(ana.id), change, None, &by, &Origin::default())
        .await
        .unwrap();
    for path in ["/users/me", "/posts", "/users", "/oauth/check"] {
        program.get(path).await.assert_status(403);
    }
    program.post("/secret", json!({})).await.assert_status(403);
    let login = json!({ "username": address("ana"), "password": PASSWORD });
    let tokens = app.anonymous().post("/login", login).await.assert_status(200).json();
    enrol(&app, &holder(&app, &tokens)).await;
    program.get("/posts").await.assert_status(200);
}
