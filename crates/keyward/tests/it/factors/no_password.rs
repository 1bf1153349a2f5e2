//! Accounts without a password: a recent login stands for it.

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::person::Person;
use keyward_domain::model::users::NewUser;
use keyward_domain::values::clock::Clock;
use keyward_domain::values::email::Email;
use keyward_domain::values::scopes::Role;
use keyward_infra::testing::rows;
use serde_json::json;
use time::Duration;

use super::phone::enrol;
use crate::app::Starts;

/// What is stored for an account without a password.
pub(crate) async fn nothing(app: &TestApp) -> String {
    let email = Email::parse(&address("nobody")).unwrap();
    let new = NewUser {
        names: email.into(),
        name: None,
        role: Role::User,
        hash: None,
        created_at: app.clock.now(),
    };
    let id = app.ports.store.autocommit().users().insert(&new).await.unwrap().id;
    let users = rows::read(app.database.connection(), &["users".to_owned()]).await.remove("users").unwrap();
    let row = users.into_iter().find(|row| row["id"] == Some(id.to_string())).unwrap();
    row["password_hash"].clone().unwrap().trim_matches('\'').to_owned()
}

/// A user who has just logged in, and whose password was removed since.
async fn without_password(app: &TestApp) -> Person {
    let ana = app.user("ana").await;
    let hash = nothing(app).await;
    app.home.execute(&format!("UPDATE users SET password_hash = '{hash}' WHERE id = {}", ana.id)).await;
    ana
}

#[tokio::test]
async fn nobody_logs_in_with_a_password_that_is_not_there() {
    let app = TestApp::start().await;
    let stored = nothing(&app).await;
    for password in ["", PASSWORD, &stored] {
        let login = json!({ "username": address("nobody"), "password": password });
        let refused = app.anonymous().post("/login", login).await.assert_status(401);
        assert_eq!(refused.code(), "invalid_credentials");
    }
}

#[tokio::test]
async fn a_body_that_asks_for_the_password_does_not_ask_whoever_has_none() {
    let app = TestApp::start().await;
    let ana = without_password(&app).await;
    let change = json!({ "email": "ana@example.org" });
    ana.post("/users/me/email", change).await.assert_status(202);
    // A password that is sent anyway is no wrong one.
    for (method, path, body) in [
        ("POST", "/users/me/email", json!({ "email": "ana@example.net", "password": "a guess" })),
        (
            "POST",
            "/users/me/password",
            json!({ "current_password": "a guess", "new_password": "another fine phrase" }),
        ),
        ("DELETE", "/users/me", json!({ "password": "a guess" })),
        ("POST", "/users/me/proof", json!({ "password": "a guess" })),
    ] {
        for _ in 0..6 {
            let refused = ana.call(method, path).json(&body).send().await.assert_status(409);
            assert_eq!(refused.code(), "no_password", "{method} {path}");
        }
    }
    // A first password.
    ana.post("/users/me/password", json!({ "new_password": "another fine phrase" })).await.assert_status(204);
    let login = json!({ "username": address("ana"), "password": "another fine phrase" });
    app.anonymous().post("/login", login).await.assert_status(200);
    // From now on it is asked for.
    let missing = ana.post("/users/me/password", json!({ "new_password": "a third fine phrase" })).await;
    let fault = missing.fault();
    assert_eq!((&fault["type"], &fault["loc"]), (&json!("missing"), &json!(["body", "current_password"])));
}

#[tokio::test]
async fn a_login_that_is_too_old_does_not_stand_for_it() {
    let app = TestApp::start().await;
    let ana = without_password(&app).await;
    app.clock.advance(Duration::seconds(301));
    for (method, path, body) in [
        ("POST", "/users/me/email", json!({ "email": "ana@example.org" })),
        ("POST", "/users/me/password", json!({ "new_password": "another fine phrase" })),
        ("DELETE", "/users/me", json!({})),
    ] {
        let stale = ana.call(method, path).json(&body).send().await.assert_status(401);
        assert_eq!(stale.code(), "insufficient_user_authentication", "{method} {path}");
        let challenge = stale.header("www-authenticate").to_owned();
        assert!(challenge.contains("max_age=\"300\", acr_values=\"aal1 aal2\""), "{challenge}");
    }
}

#[tokio::test]
async fn where_there_is_a_second_factor_it_has_to_have_been_shown() {
    let app = TestApp::start().await;
    let ana = without_password(&app).await;
    let (phone, _) = enrol(&app, &ana).await;
    ana.call("DELETE", "/users/me").json(&json!({})).send().await.assert_status(401);
    let proof = json!({ "otp": phone.fresh_code(&app) });
    let proven = ana.post("/users/me/proof", proof).await.assert_status(200);
    let strong = crate::sessions::holder(&app, &proven.json());
    strong.call("DELETE", "/users/me").json(&json!({})).send().await.assert_status(204);
}
