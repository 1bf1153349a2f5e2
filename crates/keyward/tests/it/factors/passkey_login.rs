//! Logging in with a passkey, and passkeys as second factors and as further proofs.

use keyward_api::testing::app::PASSWORD;
use keyward_domain::model::events::EventKind;
use serde_json::json;
use time::Duration;

use super::authenticator::{Device, Key, add, asked, back, log_in, service, with_passkey};
use super::phone::{credentials, enrol, half};
use crate::events::events;
use crate::forge::claims_of;
use crate::sessions::{holder, session_of};

#[tokio::test]
async fn a_passkey_logs_in_without_a_name_and_without_a_code() {
    let app = service(&[]).await;
    let (ana, mut device) = with_passkey(&app, "ana").await;
    let answer = app.anonymous().post("/login/passkey/options", json!({})).await.assert_status(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let options = answer.json();
    assert_eq!((&options["rpId"], &options["userVerification"]), (&json!("localhost"), &json!("required")));
    assert_eq!((&options["allowCredentials"], &options["timeout"]), (&json!([]), &json!(300_000)));
    let tokens = app.anonymous().post("/login/passkey", device.get(&options)).await.assert_status(200);
    assert_eq!(tokens.header("cache-control"), "no-store");
    let tokens = tokens.json();
    let claims = claims_of(tokens["access_token"].as_str().unwrap());
    assert_eq!((&claims["sub"], &claims["acr"]), (&json!(ana.id.to_string()), &json!("aal2")));
    assert_eq!(claims["amr"], json!(["passkey", "swk", "user", "mfa"]));
    assert_eq!(tokens["scope"], claims["scope"]);
    let person = holder(&app, &tokens);
    assert_eq!(person.get("/users/me").await.assert_status(200).json()["email"], "ana@example.com");
    assert!(person.get("/users/me/factors").await.json()["passkeys"][0]["last_used_at"].is_string());
    let kinds: Vec<_> = events(&app).await.into_iter().map(|event| (event.kind, event.detail)).collect();
    assert!(kinds.contains(&(EventKind::FactorUsed, Some("passkey".to_owned()))), "{kinds:?}");
    assert_eq!(kinds.last().unwrap().0, EventKind::LoginOk);
    // What it proved, refreshes keep.
    let refreshed = app.anonymous().post("/refresh_token", json!({ "refresh_token": person.refresh })).await;
    let claims = claims_of(refreshed.assert_status(200).json()["access_token"].as_str().unwrap());
    assert_eq!(claims["amr"], json!(["passkey", "swk", "user", "mfa"]));
}

#[tokio::test]
async fn a_passkey_is_the_second_factor_of_a_password() {
    let app = service(&[]).await;
    let (_, mut device) = with_passkey(&app, "ana").await;
    let owed = app.anonymous().post("/login", credentials("ana")).await.assert_status(401).json();
    assert_eq!(owed["code"], "mfa_required");
    assert_eq!(owed["mfa_methods"], json!(["passkey", "recovery_code"]));
    let passkey = device.get(&asked(&app).await);
    let finish = json!({ "mfa_token": owed["mfa_token"], "passkey": passkey });
    let tokens = app.anonymous().post("/login/mfa", finish).await.assert_status(200).json();
    let claims = claims_of(tokens["access_token"].as_str().unwrap());
    assert_eq!(claims["amr"], json!(["pwd", "passkey", "swk", "user", "mfa"]));
    // A code in place of it is wrong, for the account has no app.
    let mut with_code = credentials("ana");
    with_code["otp"] = json!("123456");
    assert_eq!(app.anonymous().post("/login", with_code).await.assert_status(401).code(), "wrong_code");

    let strong = back(&app, &mut device).await;
    enrol(&app, &strong).await;
    let owed = app.anonymous().post("/login", credentials("ana")).await.assert_status(401).json();
    assert_eq!(owed["mfa_methods"], json!(["otp", "passkey", "recovery_code"]));
}

#[tokio::test]
async fn recovery_codes_of_the_first_passkey_let_in() {
    let app = service(&[]).await;
    let ana = app.user("ana").await;
    let mut device = Device::new(Key::eddsa());
    let added = add(&ana, &mut device).await.assert_status(201).json();
    let finish = json!({ "mfa_token": half(&app, "ana").await, "recovery_code": added["recovery_codes"][3] });
    app.anonymous().post("/login/mfa", finish).await.assert_status(200);
    let strong = back(&app, &mut device).await;
    assert_eq!(strong.get("/users/me/factors").await.json()["recovery_codes_left"], 9);
    strong.post("/users/me/recovery-codes", json!({})).await.assert_status(200);
}

#[tokio::test]
async fn a_passkey_freshens_a_session_where_the_password_does_not() {
    let app = service(&[]).await;
    let (_, mut device) = with_passkey(&app, "ana").await;
    let ana = back(&app, &mut device).await;
    app.clock.advance(Duration::minutes(10));
    assert_eq!(
        ana.post("/users/me/passkeys/options", json!({})).await.assert_status(401).code(),
        "insufficient_user_authentication"
    );
    let weak = ana.post("/users/me/proof", json!({ "password": PASSWORD })).await.assert_status(401);
    assert_eq!(weak.code(), "insufficient_user_authentication");
    let passkey = device.get(&asked(&app).await);
    let proven = ana.post("/users/me/proof", json!({ "passkey": passkey })).await.assert_status(200).json();
    let claims = claims_of(proven["access_token"].as_str().unwrap());
    assert_eq!((&claims["auth_time"], &claims["acr"]), (&claims["iat"], &json!("aal2")));
    let fresh = holder(&app, &proven);
    assert_eq!(session_of(&fresh), session_of(&ana));
    fresh.post("/users/me/passkeys/options", json!({})).await.assert_status(200);
    // Used once.
    let again = ana.post("/users/me/proof", json!({ "passkey": passkey })).await.assert_status(403);
    assert_eq!(again.code(), "invalid_passkey");
    let both = ana.post("/users/me/proof", json!({ "passkey": passkey, "otp": "123456" })).await;
    assert_eq!(both.fault()["loc"], json!(["body", "passkey"]));
}

#[tokio::test]
async fn a_passkey_of_one_account_serves_no_other() {
    let app = service(&[]).await;
    let (_, mut of_ana) = with_passkey(&app, "ana").await;
    let (_, mut of_eve) = with_passkey(&app, "eve").await;
    let passkey = of_eve.get(&asked(&app).await);
    let finish = json!({ "mfa_token": half(&app, "ana").await, "passkey": passkey });
    assert_eq!(app.anonymous().post("/login/mfa", finish).await.assert_status(401).code(), "invalid_passkey");
    let ana = back(&app, &mut of_ana).await;
    let passkey = of_eve.get(&asked(&app).await);
    let refused = ana.post("/users/me/proof", json!({ "passkey": passkey })).await.assert_status(403);
    assert_eq!(refused.code(), "invalid_passkey");
    // Her key with the user handle of another account.
    of_eve.handle.clone_from(&of_ana.handle);
    assert_eq!(log_in(&app, &mut of_eve).await.assert_status(401).code(), "invalid_passkey");
    // Her key under the credential id of another account.
    of_eve.credential.clone_from(&of_ana.credential);
    assert_eq!(log_in(&app, &mut of_eve).await.assert_status(401).code(), "invalid_passkey");
    let failed = events(&app).await.into_iter().filter(|event| event.kind == EventKind::FactorFailed);
    assert_eq!(failed.count(), 2);
    let failed = events(&app).await.into_iter().filter(|event| event.kind == EventKind::LoginFailed);
    assert!(failed.clone().all(|event| event.user.is_some() && event.detail.as_deref() == Some("passkey")));
    assert_eq!(failed.count(), 2);
}
