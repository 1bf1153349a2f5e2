//! Everything that holds for logins with a password holds for those with a passkey: disabled accounts, addresses that have to be
//! verified, who has to have a second factor, mails about new devices, the bound on sessions.

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::person::Person;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::authenticator::{Device, Key, add, asked, back, log_in, service, with_passkey};
use super::phone::credentials;
use crate::sessions::holder;

#[tokio::test]
async fn a_disabled_account_is_not_logged_in_to() {
    let app = service(&[]).await;
    let (ana, mut device) = with_passkey(&app, "ana").await;
    let options = asked(&app).await;
    let root = app.admin("root").await;
    let path = format!("/users/{}", ana.id);
    root.patch(&path, json!({ "disabled": true })).await.assert_status(200);
    let refused = app.anonymous().post("/login/passkey", device.get(&options)).await;
    assert_eq!(refused.assert_status(401).code(), "invalid_passkey");
    root.patch(&path, json!({ "disabled": false })).await.assert_status(200);
    log_in(&app, &mut device).await.assert_status(200);
}

#[tokio::test]
async fn an_address_that_has_to_be_verified_comes_first() {
    let app = service(&["--require-verified-email", "on"]).await;
    let account = json!({ "email": address("ana"), "password": PASSWORD });
    app.anonymous().post("/users", account).await.assert_status(201);
    let set = async |verified: &str| {
        let sql = format!("UPDATE users SET email_verified = {verified} WHERE email = 'ana@example.com'");
        app.database.connection().execute_unprepared(&sql).await.unwrap();
    };
    set("TRUE").await;
    let (ana, mut device) = (app.log_in("ana").await, Device::new(Key::es256()));
    add(&ana, &mut device).await.assert_status(201);
    set("FALSE").await;
    assert_eq!(log_in(&app, &mut device).await.assert_status(403).code(), "email_unverified");
    // A wrong passkey gets the usual answer.
    device.key = Key::es256();
    assert_eq!(log_in(&app, &mut device).await.assert_status(401).code(), "invalid_passkey");
}

#[tokio::test]
async fn who_has_to_have_a_second_factor_has_one_with_a_passkey() {
    let app = service(&["--second-factor", "required"]).await;
    let account = json!({ "email": address("ana"), "password": PASSWORD });
    app.anonymous().post("/users", account).await.assert_status(201);
    let entered = app.anonymous().post("/login", credentials("ana")).await.assert_status(200).json();
    assert_eq!(entered["scope"], "enrol");
    let ana = app.bearer(entered["access_token"].as_str().unwrap());
    let mut device = Device::new(Key::es256());
    add(&ana, &mut device).await.assert_status(201);
    let refresh = json!({ "refresh_token": entered["refresh_token"] });
    let whole = app.anonymous().post("/refresh_token", refresh).await.assert_status(200).json();
    assert_ne!(whole["scope"], "enrol");
    let tokens = log_in(&app, &mut device).await.assert_status(200).json();
    assert_eq!(tokens["scope"], whole["scope"]);
    holder(&app, &tokens).get("/users/me").await.assert_status(200);
}

async fn log_in_from(app: &TestApp, device: &mut Device, ip: &str) {
    let passkey = device.get(&asked(app).await);
    let call = app.anonymous().call("POST", "/login/passkey").json(&passkey).from(ip);
    call.send().await.assert_status(200);
}

#[tokio::test]
async fn a_login_from_an_unknown_ip_address_is_reported() {
    let app = service(&["--mail-new-device", "on"]).await;
    let (_, mut device) = with_passkey(&app, "ana").await;
    log_in_from(&app, &mut device, "192.0.2.1").await;
    app.letters().await;
    log_in_from(&app, &mut device, "198.51.100.7").await;
    let letter = app.letter().await;
    assert!(letter.letter.text.contains("198.51.100.7"), "{}", letter.letter.text);
    log_in_from(&app, &mut device, "198.51.100.7").await;
    assert!(app.letters().await.is_empty());
}

#[tokio::test]
async fn sessions_of_passkeys_count_towards_the_bound() {
    let app = service(&["--sessions-per-account", "2"]).await;
    let (first, mut device) = with_passkey(&app, "ana").await;
    let second: Person = back(&app, &mut device).await;
    let third = back(&app, &mut device).await;
    first.get("/users/me").await.assert_invalid_token("the session unseen longest has ended");
    second.get("/users/me").await.assert_status(200);
    third.get("/users/me").await.assert_status(200);
}
