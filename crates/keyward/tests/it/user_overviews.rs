//! What administrators see of accounts beyond what these see of themselves.

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_domain::values::clock::Clock;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::app::Starts;
use crate::browser::Browser;
use crate::factors::phone::{back, credentials, enrol};

const MORE: [&str; 3] = ["disabled", "last_login_at", "factors"];

/// Whether an answer's time is of the last seconds: tests move the clock by minutes.
fn is_now(app: &TestApp, text: &str) -> bool {
    let time = OffsetDateTime::parse(text, &Rfc3339).unwrap();
    app.clock.now() - time < Duration::seconds(30)
}

/// Of an answer, what administrators alone see.
fn more(user: &Value) -> [&Value; 3] {
    MORE.map(|name| user.get(name).unwrap_or_else(|| panic!("no {name}: {user}")))
}

#[tokio::test]
async fn administrators_see_state_last_login_and_factors_and_others_do_not() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let account = json!({ "email": address("ana"), "password": PASSWORD });
    let made = app.anonymous().post("/users", account).await.assert_status(201).json();
    let path = format!("/users/{}", made["id"]);
    let seen = root.get(&path).await.assert_status(200).json();
    assert_eq!(more(&seen), [&json!(false), &Value::Null, &json!([])]);
    let ana = app.log_in("ana").await;
    for own in [made, ana.get("/users/me").await.json(), ana.get(&path).await.json()] {
        assert!(MORE.iter().all(|name| own.get(name).is_none()), "{own}");
    }
    let changed = root.patch(&path, json!({ "disabled": true })).await.assert_status(200).json();
    assert_eq!(more(&changed)[0], &json!(true));
    let listed = root.get("/users").await.assert_status(200).json();
    assert_eq!(listed[1], root.get(&path).await.json(), "the list and the account say the same");
    assert_eq!(more(&listed[0])[0], &json!(false), "an administrator is in the list as others are");
    let own = root.get(&format!("/users/{}", listed[0]["id"])).await.assert_status(200).json();
    assert_eq!(own, listed[0]);
    assert!(root.get("/users/me").await.json().get("factors").is_none(), "that is the account of a user");
}

#[tokio::test]
async fn each_login_moves_the_last_login_and_a_refresh_does_not() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let ana = app.user("ana").await;
    let last = async || {
        let found = root.get(&format!("/users?email={}", address("ana"))).await.assert_status(200).json();
        found[0]["last_login_at"].as_str().unwrap().to_owned()
    };
    let signed_up = last().await;
    app.clock.advance(Duration::minutes(1));
    let pair = json!({ "refresh_token": ana.refresh });
    app.anonymous().post("/refresh_token", pair).await.assert_status(200);
    assert_eq!(last().await, signed_up);
    app.log_in("ana").await;
    assert!(is_now(&app, &last().await));
    app.clock.advance(Duration::minutes(1));
    Browser::logged_in(&app, "ana").await;
    assert!(is_now(&app, &last().await), "a login on a page is one, too");
    app.clock.advance(Duration::minutes(1));
    let wrong = json!({ "username": address("ana"), "password": "another one" });
    app.anonymous().post("/login", wrong).await.assert_status(401);
    assert!(!is_now(&app, &last().await), "a failed one does not count");
}

#[tokio::test]
async fn factors_are_named_as_a_login_asks_for_them() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let ana = app.user("ana").await;
    let path = format!("/users/{}", ana.id);
    let factors = async || root.get(&path).await.assert_status(200).json()["factors"].clone();
    assert_eq!(factors().await, json!([]));
    let (phone, _) = enrol(&app, &ana).await;
    assert_eq!(factors().await, json!(["otp", "recovery_code"]));
    let owed = app.anonymous().post("/login", credentials("ana")).await.assert_status(401).json();
    assert_eq!(factors().await, owed["mfa_methods"]);
    let back = back(&app, "ana", &phone).await;
    back.delete("/users/me/totp").await.assert_status(204);
    assert_eq!(factors().await, json!([]));
}
