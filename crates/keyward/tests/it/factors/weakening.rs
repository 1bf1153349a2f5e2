//! A session that removes the last second factor of its account counts as one of the password alone from then on.

use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_api::testing::person::Person;
use serde_json::{Value, json};
use time::Duration;

use super::authenticator::{self, Device, Key, add, service, with_passkey};
use super::phone::{back, enrol, enrolled};
use super::weak_sessions::by_password;
use crate::app::Starts;
use crate::forge::claims_of;
use crate::oauth::{basic, register_for, secret};
use crate::sessions::{holder, refresh};

/// What the token endpoint for services says of the person's access token.
async fn introspected(app: &TestApp, person: &Person) -> Value {
    let call = app.anonymous().call("POST", "/oauth/introspect").form(&format!("token={}", person.token()));
    call.header("authorization", basic("web", &secret("web"))).send().await.assert_status(200).json()
}

/// Neither the token that the person has nor the next one is worth two factors.
async fn assert_weak(app: &TestApp, person: &Person, methods: Value) {
    let state = introspected(app, person).await;
    let shown = state.get("amr").cloned().unwrap_or_else(|| json!([]));
    assert_eq!((&state["acr"], shown), (&json!("aal1"), methods));
    let next = refresh(app, &person.refresh).await.assert_status(200).json();
    let claims = claims_of(next["access_token"].as_str().unwrap());
    assert_eq!(claims["acr"], "aal1", "{claims:?}");
}

#[tokio::test]
async fn the_session_that_removes_the_last_factor_falls_to_one_factor_at_once() {
    let app = TestApp::start().await;
    register_for(&app, "web", "posts:read").await;
    let ana = enrolled(&app, "ana").await;
    let strong = back(&app, "ana", &ana.phone).await;
    assert_eq!(introspected(&app, &strong).await["acr"], "aal2");
    strong.delete("/users/me/totp").await.assert_status(204);
    // A token of before takes no new factor away either.
    let eve = app.log_in("ana").await;
    let (phone, _) = enrol(&app, &eve).await;
    let weak = strong.delete("/users/me/totp").await.assert_status(401);
    assert_eq!(weak.code(), "insufficient_user_authentication");
    assert_weak(&app, &strong, json!(["pwd"])).await;
    // A code makes the same session strong again.
    let proof = json!({ "otp": phone.fresh_code(&app) });
    let proven = strong.post("/users/me/proof", proof).await.assert_status(200).json();
    assert_eq!(claims_of(proven["access_token"].as_str().unwrap())["acr"], "aal2");
    holder(&app, &proven).delete("/users/me/totp").await.assert_status(204);
}

#[tokio::test]
async fn so_does_one_that_began_with_the_passkey_that_it_removes() {
    let app = service(&[]).await;
    register_for(&app, "web", "posts:read").await;
    let (_, mut device) = with_passkey(&app, "ana").await;
    let strong = authenticator::back(&app, &mut device).await;
    let passkeys = strong.get("/users/me/factors").await.json()["passkeys"].clone();
    strong.delete(&format!("/users/me/passkeys/{}", passkeys[0]["id"])).await.assert_status(204);
    assert_weak(&app, &strong, json!([])).await;
}

#[tokio::test]
async fn while_another_factor_is_left_the_session_stays_as_it_was() {
    let app = service(&[]).await;
    let (ana, mut device) = with_passkey(&app, "ana").await;
    let strong = authenticator::back(&app, &mut device).await;
    add(&strong, &mut Device::new(Key::eddsa())).await.assert_status(201);
    let strong = authenticator::back(&app, &mut device).await;
    let passkeys = strong.get("/users/me/factors").await.json()["passkeys"].clone();
    strong.delete(&format!("/users/me/passkeys/{}", passkeys[1]["id"])).await.assert_status(204);
    let next = refresh(&app, &strong.refresh).await.assert_status(200).json();
    assert_eq!(claims_of(next["access_token"].as_str().unwrap())["acr"], "aal2");
    ana.get("/users/me").await.assert_gone("another session");
}

#[tokio::test]
async fn an_administrator_who_takes_their_own_factors_away_falls_too() {
    let app = TestApp::start().await;
    register_for(&app, "web", "posts:read").await;
    let root = app.admin("root").await;
    let (phone, _) = enrol(&app, &root).await;
    let strong = back(&app, "root", &phone).await;
    strong.delete(&format!("/users/{}/factors", root.id)).await.assert_status(204);
    assert_weak(&app, &strong, json!(["pwd"])).await;
}

#[tokio::test]
async fn a_proof_at_one_replica_counts_at_another_that_remembers_the_session() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let other = app.replica();
    let elsewhere = |person: &Person| other.bearer(person.token());
    app.clock.advance(Duration::seconds(1));
    elsewhere(&ana.person).get("/users/me").await.assert_status(200);
    let proof = json!({ "otp": ana.phone.fresh_code(&app) });
    let proven = ana.person.post("/users/me/proof", proof).await.assert_status(200).json();
    elsewhere(&holder(&app, &proven)).post("/users/me/recovery-codes", json!({})).await.assert_status(200);
    let password = json!({ "password": PASSWORD });
    ana.person.post("/users/me/proof", password).await.assert_status(401);
}

#[tokio::test]
async fn where_a_factor_has_to_be_there_the_token_that_removed_the_last_one_may_only_enrol() {
    let app = TestApp::with_flags(&["--second-factor", "required"]).await;
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    app.anonymous().post("/users", account).await.assert_status(201);
    let weak = by_password(&app, "ana").await;
    let (phone, _) = enrol(&app, &weak).await;
    let strong = back(&app, "ana", &phone).await;
    strong.get("/posts").await.assert_status(200);
    strong.delete("/users/me/totp").await.assert_status(204);
    strong.get("/posts").await.assert_status(403);
    strong.get("/users/me/factors").await.assert_status(200);
}
