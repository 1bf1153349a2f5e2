//! Proving again who one is.

use keyward_api::testing::app::{PASSWORD, TestApp};
use serde_json::json;
use time::Duration;

use super::phone::{back, enrolled};
use crate::app::Starts;
use crate::forge::claims_of;
use crate::sessions::{holder, session_of};

#[tokio::test]
async fn a_password_freshens_the_session_of_an_account_without_a_second_factor() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    app.clock.advance(Duration::minutes(10));
    ana.post("/users/me/totp", json!({})).await.assert_status(401);
    let wrong = ana.post("/users/me/proof", json!({ "password": "a wrong phrase" })).await;
    assert_eq!(wrong.assert_status(403).code(), "wrong_password");
    let proven = ana.post("/users/me/proof", json!({ "password": PASSWORD })).await.assert_status(200);
    assert_eq!(proven.header("cache-control"), "no-store");
    let proven = proven.json();
    let claims = claims_of(proven["access_token"].as_str().unwrap());
    assert_eq!((&claims["auth_time"], &claims["acr"]), (&claims["iat"], &json!("aal1")));
    let fresh = holder(&app, &proven);
    assert_eq!(session_of(&fresh), session_of(&ana), "the same session");
    fresh.post("/users/me/totp", json!({})).await.assert_status(200);
    // The token that was there before is as old as it was: a thief has no part in it.
    ana.post("/users/me/totp", json!({})).await.assert_status(401);
    // The refresh token is the one that the session had, and what it gives keeps the time of the proof.
    assert_eq!(proven["refresh_token"], json!(ana.refresh));
    app.clock.advance(Duration::minutes(1));
    let refreshed = app.anonymous().post("/refresh_token", json!({ "refresh_token": ana.refresh })).await;
    let refreshed = claims_of(refreshed.assert_status(200).json()["access_token"].as_str().unwrap());
    assert_eq!(refreshed["auth_time"], claims["auth_time"]);
}

#[tokio::test]
async fn where_there_is_a_second_factor_the_password_alone_freshens_nothing() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let person = back(&app, "ana", &ana.phone).await;
    app.clock.advance(Duration::minutes(10));
    let stale = person.call("DELETE", "/users/me/totp").send().await.assert_status(401);
    assert_eq!(stale.code(), "insufficient_user_authentication");
    let refused = person.post("/users/me/proof", json!({ "password": PASSWORD })).await.assert_status(401);
    assert_eq!(refused.code(), "insufficient_user_authentication");
    assert!(refused.header("www-authenticate").contains("acr_values=\"aal2\""), "{refused:?}");
    let wrong = person.post("/users/me/proof", json!({ "otp": ana.phone.wrong_code(&app) })).await;
    assert_eq!(wrong.assert_status(403).code(), "wrong_code");
    let code = ana.phone.code(&app, 0);
    let proven = person.post("/users/me/proof", json!({ "otp": code })).await.assert_status(200);
    person.post("/users/me/proof", json!({ "otp": code })).await.assert_status(403);
    let fresh = holder(&app, &proven.json());
    app.clock.advance(Duration::minutes(10));
    let by_recovery = json!({ "recovery_code": ana.codes[0] });
    let proven = fresh.post("/users/me/proof", by_recovery).await.assert_status(200);
    holder(&app, &proven.json()).delete("/users/me/totp").await.assert_status(204);
}

#[tokio::test]
async fn a_proof_by_a_code_makes_one_factor_two() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    assert_eq!(claims_of(ana.person.token())["acr"], "aal1");
    let proof = json!({ "otp": ana.phone.fresh_code(&app) });
    let proven = ana.person.post("/users/me/proof", proof).await.assert_status(200).json();
    let claims = claims_of(proven["access_token"].as_str().unwrap());
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("aal2"), &json!(["pwd", "otp", "mfa"])));
}

#[tokio::test]
async fn a_proof_is_one_and_no_code_is_right_without_an_app() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let none = ana.post("/users/me/proof", json!({})).await;
    assert_eq!(none.fault()["loc"], json!(["body", "password"]));
    let two = ana.post("/users/me/proof", json!({ "password": PASSWORD, "otp": "123456" })).await;
    assert_eq!(two.fault()["loc"], json!(["body", "otp"]));
    for proof in [json!({ "otp": "123456" }), json!({ "recovery_code": "0k1m-9abc-0000-1111" })] {
        assert_eq!(ana.post("/users/me/proof", proof).await.assert_status(403).code(), "wrong_code");
    }
}

#[tokio::test]
async fn five_wrong_passwords_at_a_proof_begin_a_wait() {
    let app = TestApp::with_flags(&["--throttle-first", "60s"]).await;
    let ana = app.user("ana").await;
    for _ in 0..5 {
        ana.post("/users/me/proof", json!({ "password": "a wrong phrase" })).await.assert_status(403);
    }
    ana.post("/users/me/proof", json!({ "password": PASSWORD })).await.assert_status(429);
}

#[tokio::test]
async fn introspection_says_when_and_how() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let person = back(&app, "ana", &ana.phone).await;
    crate::oauth::register_for(&app, "web", "posts:read").await;
    let form = format!("token={}", person.token());
    let call = app.anonymous().call("POST", "/oauth/introspect").form(&form);
    let call = call.header("authorization", crate::oauth::basic("web", &crate::oauth::secret("web")));
    let state = call.send().await.assert_status(200).json();
    let claims = claims_of(person.token());
    for name in ["auth_time", "acr", "amr"] {
        assert_eq!(state[name], claims[name], "{name}");
    }
}
