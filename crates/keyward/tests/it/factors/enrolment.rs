//! Enrolling an authenticator app.

use keyward_api::testing::app::TestApp;
use keyward_domain::model::events::EventKind;
use serde_json::json;
use time::Duration;

use super::phone::{Phone, back, credentials, enrol, enrolled, log_in};
use crate::app::Starts;
use crate::events::events;
use crate::forge::claims_of;

#[tokio::test]
async fn an_app_counts_after_a_code_of_it_was_shown_and_not_before() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let none = json!({ "totp": false, "passkeys": [], "recovery_codes_left": 0 });
    assert_eq!(ana.get("/users/me/factors").await.assert_status(200).json(), none);
    let offered = ana.post("/users/me/totp", json!({})).await.assert_status(200);
    assert_eq!(offered.header("cache-control"), "no-store");
    let offered = offered.json();
    let secret = offered["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32);
    let uri = offered["uri"].as_str().unwrap();
    let begins = format!("otpauth://totp/127.0.0.1%3A8000:ana%40example.com?secret={secret}&");
    assert!(uri.starts_with(&begins), "{uri}");
    assert!(offered["qr"].as_str().unwrap().starts_with("<svg "), "{offered}");

    // Half done it asks for nothing.
    app.anonymous().post("/login", credentials("ana")).await.assert_status(200);
    assert_eq!(ana.get("/users/me/factors").await.json(), none);
    let phone = Phone::reading(secret);
    let wrong = ana.post("/users/me/totp/confirm", json!({ "otp": phone.wrong_code(&app) })).await;
    assert_eq!(wrong.assert_status(403).code(), "wrong_code");
    let code = phone.code(&app, 0);
    let confirmed = ana.post("/users/me/totp/confirm", json!({ "otp": code })).await.assert_status(200);
    assert_eq!(confirmed.header("cache-control"), "no-store");
    assert_eq!(confirmed.json()["recovery_codes"].as_array().unwrap().len(), 10);
    let has = json!({ "totp": true, "passkeys": [], "recovery_codes_left": 10 });
    assert_eq!(ana.get("/users/me/factors").await.json(), has);
    // The code that confirmed is used by that.
    assert_eq!(log_in(&app, "ana", &code).await.assert_status(401).code(), "wrong_code");
    let again = ana.post("/users/me/totp/confirm", json!({ "otp": code })).await;
    assert_eq!(again.assert_status(409).code(), "no_enrolment");

    let letter = app.letter().await;
    assert_eq!(letter.recipient.as_str(), "ana@example.com");
    assert!(letter.letter.text.contains("an authenticator app was added"), "{}", letter.letter.text);
    let kinds: Vec<_> = events(&app).await.iter().map(|event| event.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == EventKind::FactorAdded).count(), 1);
    assert_eq!(kinds.iter().filter(|kind| **kind == EventKind::FactorFailed).count(), 2);
}

#[tokio::test]
async fn an_enrolment_is_replaced_by_the_next_one_and_expires() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let secret = async || {
        let offered = ana.post("/users/me/totp", json!({})).await.assert_status(200).json();
        Phone::reading(offered["secret"].as_str().unwrap())
    };
    let (first, second) = (secret().await, secret().await);
    let confirm = async |phone: &Phone| {
        let otp = json!({ "otp": phone.code(&app, 0) });
        ana.post("/users/me/totp/confirm", otp).await
    };
    assert_eq!(confirm(&first).await.assert_status(403).code(), "wrong_code");
    app.clock.advance(Duration::minutes(31));
    let ana = app.log_in("ana").await;
    let late = ana.post("/users/me/totp/confirm", json!({ "otp": second.code(&app, 0) })).await;
    assert_eq!(late.assert_status(409).code(), "no_enrolment");
}

#[tokio::test]
async fn an_enrolment_takes_few_wrong_codes() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let offered = ana.post("/users/me/totp", json!({})).await.assert_status(200).json();
    let phone = Phone::reading(offered["secret"].as_str().unwrap());
    let confirm = async |otp: String| ana.post("/users/me/totp/confirm", json!({ "otp": otp })).await;
    for _ in 0..5 {
        assert_eq!(confirm(phone.wrong_code(&app)).await.assert_status(403).code(), "wrong_code");
    }
    let refused = confirm(phone.code(&app, 0)).await.assert_status(429);
    assert_eq!(refused.code(), "too_many_attempts");
    app.clock.advance(Duration::seconds(refused.header("retry-after").parse().unwrap()));
    confirm(phone.code(&app, 0)).await.assert_status(200);
}

#[tokio::test]
async fn enrolling_asks_for_a_recent_login() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    app.clock.advance(Duration::seconds(301));
    let stale = ana.post("/users/me/totp", json!({})).await.assert_status(401);
    assert_eq!(stale.code(), "insufficient_user_authentication");
    let challenge = stale.header("www-authenticate").to_owned();
    for part in ["error=\"insufficient_user_authentication\"", "max_age=\"300\"", "acr_values=\"aal1 aal2\""]
    {
        assert!(challenge.contains(part), "{challenge}");
    }
}

#[tokio::test]
async fn the_next_token_of_the_session_that_enrolled_says_two_factors() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let (_, _) = enrol(&app, &ana).await;
    assert_eq!(claims_of(ana.token())["acr"], "aal1");
    let refreshed = app.anonymous().post("/refresh_token", json!({ "refresh_token": ana.refresh })).await;
    let claims = claims_of(refreshed.assert_status(200).json()["access_token"].as_str().unwrap());
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("aal2"), &json!(["pwd", "otp", "mfa"])));
}

#[tokio::test]
async fn another_app_takes_the_place_of_the_first_one_for_whoever_showed_that() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    // The token of the login was made with the password alone.
    let weak = ana.person.post("/users/me/totp", json!({})).await.assert_status(401);
    assert_eq!(weak.code(), "insufficient_user_authentication");
    assert!(weak.header("www-authenticate").contains("acr_values=\"aal2\""), "{weak:?}");
    let strong = back(&app, "ana", &ana.phone).await;
    let (second, codes) = enrol(&app, &strong).await;
    app.clock.advance(Duration::minutes(2));
    assert_eq!(log_in(&app, "ana", &ana.phone.code(&app, 0)).await.assert_status(401).code(), "wrong_code");
    log_in(&app, "ana", &second.code(&app, 0)).await.assert_status(200);
    let old = json!({ "recovery_code": ana.codes[0], "mfa_token": super::phone::half(&app, "ana").await });
    app.anonymous().post("/login/mfa", old).await.assert_status(401);
    let new = json!({ "recovery_code": codes[0], "mfa_token": super::phone::half(&app, "ana").await });
    app.anonymous().post("/login/mfa", new).await.assert_status(200);
}

#[tokio::test]
async fn the_secret_is_sealed_and_recovery_codes_are_hashed() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let offered = ana.post("/users/me/totp", json!({})).await.json();
    let phone = Phone::reading(offered["secret"].as_str().unwrap());
    let confirm = json!({ "otp": phone.code(&app, 0) });
    let codes = ana.post("/users/me/totp/confirm", confirm).await.assert_status(200).json();
    let code = codes["recovery_codes"][0].as_str().unwrap().replace('-', "");
    let tables = ["totp_factors".to_owned(), "recovery_codes".to_owned()];
    let rows = keyward_infra::testing::rows::read(app.database.connection(), &tables).await;
    assert_eq!((rows["totp_factors"].len(), rows["recovery_codes"].len()), (1, 10));
    let text = format!("{rows:?}");
    assert!(!text.contains(offered["secret"].as_str().unwrap()) && !text.contains(&code));
}
