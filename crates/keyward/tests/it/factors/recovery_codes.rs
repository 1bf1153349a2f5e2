//! New recovery codes.

use keyward_api::testing::app::TestApp;
use serde_json::json;
use time::Duration;

use super::phone::{back, enrolled, half};
use crate::app::Starts;

#[tokio::test]
async fn a_mail_reports_new_recovery_codes_and_those_before_are_void() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let strong = back(&app, "ana", &ana.phone).await;
    app.letters().await;
    let renewed = strong.post("/users/me/recovery-codes", json!({})).await.assert_status(200).json();
    let letter = app.letter().await;
    assert_eq!(letter.recipient.as_str(), "ana@example.com");
    assert!(letter.letter.text.contains("ten new recovery codes"), "{}", letter.letter.text);
    for code in renewed["recovery_codes"].as_array().unwrap() {
        assert!(!letter.letter.text.contains(code.as_str().unwrap()), "a secret in a mail");
    }
    let mfa_token = half(&app, "ana").await;
    let finish = |code: &str| json!({ "mfa_token": mfa_token, "recovery_code": code });
    let old = app.anonymous().post("/login/mfa", finish(&ana.codes[0])).await.assert_status(401);
    assert_eq!(old.code(), "wrong_code");
    let new = renewed["recovery_codes"][0].as_str().unwrap();
    app.anonymous().post("/login/mfa", finish(new)).await.assert_status(200);
}

#[tokio::test]
async fn recovery_codes_are_renewed_a_few_times_and_then_wait() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let strong = back(&app, "ana", &ana.phone).await;
    for _ in 0..5 {
        strong.post("/users/me/recovery-codes", json!({})).await.assert_status(200);
    }
    let last = strong.get("/users/me/factors").await.json()["recovery_codes_left"].clone();
    let refused = strong.post("/users/me/recovery-codes", json!({})).await.assert_status(429);
    assert_eq!(refused.code(), "too_many_attempts");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() <= 901);
    assert_eq!(strong.get("/users/me/factors").await.json()["recovery_codes_left"], last);
    app.clock.advance(Duration::minutes(16));
    let strong = back(&app, "ana", &ana.phone).await;
    strong.post("/users/me/recovery-codes", json!({})).await.assert_status(200);
}
