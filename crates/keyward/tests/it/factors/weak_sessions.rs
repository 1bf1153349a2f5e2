//! Sessions that have shown less than the account or the policy asks for: they gain nothing by what others show.

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::person::Person;
use serde_json::{Value, json};
use time::Duration;

use super::phone::{back, credentials, enrol, enrolled, log_in};
use crate::app::Starts;
use crate::sessions::holder;

/// Another session of that account, which it opens with the password alone.
pub(super) async fn by_password(app: &TestApp, name: &str) -> Person {
    let tokens = app.anonymous().post("/login", credentials(name)).await.assert_status(200).json();
    let mut person = app.bearer(tokens["access_token"].as_str().unwrap());
    tokens["refresh_token"].as_str().unwrap().clone_into(&mut person.refresh);
    person
}

async fn refreshed(app: &TestApp, person: &Person) -> Value {
    let refresh = json!({ "refresh_token": person.refresh });
    app.anonymous().post("/refresh_token", refresh).await.assert_status(200).json()
}

#[tokio::test]
async fn an_enrolment_in_one_session_opens_no_other() {
    let app = TestApp::with_flags(&["--second-factor", "required"]).await;
    let account = json!({ "email": address("ana"), "password": PASSWORD });
    app.anonymous().post("/users", account).await.assert_status(201);
    let (owner, thief) = (by_password(&app, "ana").await, by_password(&app, "ana").await);
    enrol(&app, &owner).await;
    assert_eq!(refreshed(&app, &thief).await["scope"], "enrol");
    assert_ne!(refreshed(&app, &owner).await["scope"], "enrol");
}

#[tokio::test]
async fn a_proof_gives_no_more_than_a_refresh_would() {
    let app = TestApp::with_flags(&["--second-factor", "required"]).await;
    let account = json!({ "email": address("ana"), "password": PASSWORD });
    app.anonymous().post("/users", account).await.assert_status(201);
    let ana = by_password(&app, "ana").await;
    let (phone, _) = enrol(&app, &ana).await;
    let ana = back(&app, "ana", &phone).await;
    ana.delete("/users/me/totp").await.assert_status(204);
    let password = json!({ "password": PASSWORD });
    let proven = ana.post("/users/me/proof", password).await.assert_status(200).json();
    assert_eq!(proven["scope"], "enrol");
}

#[tokio::test]
async fn a_proof_does_not_outlive_its_session() {
    let app = TestApp::with_flags(&["--session-idle", "10m", "--session-absolute", "10m"]).await;
    let ana = app.user("ana").await;
    app.clock.advance(Duration::minutes(11));
    let password = json!({ "password": PASSWORD });
    ana.post("/users/me/proof", password).await.assert_status(401);
}

#[tokio::test]
async fn wrong_codes_of_one_session_do_not_keep_the_owner_from_logging_in() {
    let app = TestApp::with_flags(&["--throttle-first", "60s"]).await;
    let ana = enrolled(&app, "ana").await;
    for _ in 0..5 {
        ana.person.post("/users/me/proof", json!({ "otp": "12345x" })).await.assert_status(403);
    }
    ana.person.post("/users/me/proof", json!({ "otp": "12345x" })).await.assert_status(429);
    log_in(&app, "ana", &ana.phone.fresh_code(&app)).await.assert_status(200);
}

#[tokio::test]
async fn an_administrator_who_did_not_show_their_factor_takes_none_away() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let other = by_password(&app, "root").await;
    let (phone, _) = enrol(&app, &root).await;
    let path = format!("/users/{}/factors", root.id);
    let weak = other.delete(&path).await.assert_status(401);
    assert_eq!(weak.code(), "insufficient_user_authentication");
    let strong = back(&app, "root", &phone).await;
    strong.delete(&path).await.assert_status(204);
    strong.get("/users/me").await.assert_status(200);
    other.get("/users/me").await.assert_gone("another session of the administrator");
}

#[tokio::test]
async fn a_factor_that_was_replaced_takes_no_other_away() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let thief = back(&app, "ana", &ana.phone).await;
    let owner = back(&app, "ana", &ana.phone).await;
    enrol(&app, &owner).await;
    let weak = thief.delete("/users/me/totp").await.assert_status(401);
    assert_eq!(weak.code(), "insufficient_user_authentication");
}

#[tokio::test]
async fn a_blank_code_is_no_code() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    for _ in 0..6 {
        assert_eq!(log_in(&app, "ana", " ").await.assert_status(401).code(), "mfa_required");
    }
    let whole = log_in(&app, "ana", &ana.phone.fresh_code(&app)).await.assert_status(200);
    holder(&app, &whole.json()).get("/users/me").await.assert_status(200);
}
