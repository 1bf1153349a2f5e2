//! Proving again who one is.

use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_api::testing::person::Person;
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
async fn what_asks_for_the_password_asks_for_the_second_factor_as_well_where_there_is_one() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let back = back(&app, "ana", &ana.phone).await;
    let deeds = [
        ("POST", "/users/me/email", json!({ "email": "ana@example.org", "password": PASSWORD })),
        (
            "POST",
            "/users/me/password",
            json!({ "current_password": PASSWORD, "new_password": "another fine phrase" }),
        ),
        ("DELETE", "/users/me", json!({ "password": "another fine phrase" })),
    ];
    let refused = async |person: &Person| {
        for (method, path, body) in &deeds {
            let weak = person.call(method, path).json(body).send().await.assert_status(401);
            assert_eq!(weak.code(), "insufficient_user_authentication", "{method} {path}");
            let challenge = weak.header("www-authenticate").to_owned();
            assert!(challenge.contains("max_age=\"300\", acr_values=\"aal2\""), "{challenge}");
        }
    };
    // A session from before the enrolment, and one that showed a code too long ago.
    refused(&ana.person).await;
    app.clock.advance(Duration::seconds(301));
    refused(&back).await;
    let proof = json!({ "otp": ana.phone.fresh_code(&app) });
    let proven = back.post("/users/me/proof", proof).await.assert_status(200);
    let strong = holder(&app, &proven.json());
    // The password is still asked for.
    strong
        .post("/users/me/password", json!({ "new_password": "another fine phrase" }))
        .await
        .assert_status(422);
    for ((method, path, body), status) in deeds.iter().zip([202, 204, 204]) {
        strong.call(method, path).json(body).send().await.assert_status(status);
    }
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
