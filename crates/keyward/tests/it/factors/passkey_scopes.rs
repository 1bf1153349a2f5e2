//! A passkey logs in with all that its owner may have: a token that is good for less registers none.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::person::Person;
use serde_json::{Value, json};

use super::authenticator::{Device, Key, add, begin, service};
use super::phone::credentials;
use crate::oauth::{register_for, token};
use crate::sessions::holder;

/// A session of ana's that asked for `posts:read` alone.
async fn narrow(app: &TestApp) -> Person {
    let mut login = credentials("ana");
    login["scope"] = json!("posts:read");
    holder(app, &app.anonymous().post("/login", login).await.assert_status(200).json())
}

fn assert_narrow(answer: Answer) {
    let answer = answer.assert_status(403);
    assert_eq!(answer.code(), "insufficient_scope");
    assert!(answer.detail().contains("Log in again"), "{}", answer.detail());
}

/// Neither begins a registration nor finishes one that these options began.
async fn assert_refused(person: &Person, options: &Value) {
    assert_narrow(person.post("/users/me/passkeys/options", json!({})).await);
    assert_narrow(person.post("/users/me/passkeys", Device::new(Key::es256()).create(options)).await);
}

#[tokio::test]
async fn a_token_of_less_than_its_owner_may_have_registers_no_passkey() {
    let app = service(&[]).await;
    let whole = app.user("ana").await;
    let options = begin(&whole).await;
    assert_refused(&narrow(&app).await, &options).await;
    // A session that is good for all of it, and an access token of it that is not.
    let refresh = json!({ "refresh_token": whole.refresh, "scope": "posts:read" });
    let tokens = app.anonymous().post("/refresh_token", refresh).await.assert_status(200).json();
    assert_eq!(tokens["scope"], "posts:read");
    assert_refused(&holder(&app, &tokens), &options).await;
    add(&whole, &mut Device::new(Key::es256())).await.assert_status(201);
}

#[tokio::test]
async fn leave_to_enrol_is_as_good_as_the_session_behind_it() {
    let app = service(&["--second-factor", "required"]).await;
    let account = json!({ "email": address("ana"), "password": PASSWORD });
    app.anonymous().post("/users", account).await.assert_status(201);
    let login = app.anonymous().post("/login", credentials("ana")).await.assert_status(200).json();
    let whole = holder(&app, &login);
    let options = begin(&whole).await;
    assert_refused(&narrow(&app).await, &options).await;
    add(&whole, &mut Device::new(Key::es256())).await.assert_status(201);
}

#[tokio::test]
async fn a_clients_token_for_the_account_registers_no_passkey_that_logs_in_with_more() {
    let app = service(&[]).await;
    let whole = app.user("ana").await;
    register_for(&app, "web", "account posts:read").await;
    let login = [("grant_type", "password"), ("username", "ana@example.com"), ("password", PASSWORD)];
    let tokens = token(&app, Some("web"), &login).await.assert_status(200).json();
    assert_eq!(tokens["scope"], "account posts:read");
    let client = holder(&app, &tokens);
    client.get("/users/me/factors").await.assert_status(200);
    assert_refused(&client, &begin(&whole).await).await;
    assert_eq!(whole.get("/users/me/factors").await.json()["passkeys"], json!([]));
}
