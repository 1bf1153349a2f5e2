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
async fn a_mail_reports_the_use_of_a_recovery_code_at_a_login_and_at_a_proof() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    app.letters().await;
    let finish = json!({ "mfa_token": half(&app, "ana").await, "recovery_code": ana.codes[0] });
    app.anonymous().post("/login/mfa", finish).await.assert_status(200);
    let proof = json!({ "recovery_code": ana.codes[1] });
    ana.person.post("/users/me/proof", proof.clone()).await.assert_status(200);
    let letters = app.letters().await;
    let of_codes: Vec<_> =
        letters.iter().filter(|sent| sent.letter.subject.contains("A recovery code")).collect();
    assert_eq!(of_codes.len(), 2);
    for (sent, left) in of_codes.into_iter().zip([9, 8]) {
        assert_eq!(sent.recipient.as_str(), "ana@example.com");
        assert!(sent.letter.text.contains(&format!("Codes that are left: {left}.")), "{}", sent.letter.text);
    }
    // One that was used before is refused, and reported by no mail.
    ana.person.post("/users/me/proof", proof).await.assert_status(403);
    assert!(app.letters().await.is_empty());
}

#[tokio::test]
async fn without_rate_limits_recovery_codes_are_renewed_as_often_as_one_likes() {
    let app = TestApp::with_flags(&["--throttle", "off"]).await;
    let ana = enrolled(&app, "ana").await;
    let strong = back(&app, "ana", &ana.phone).await;
    for _ in 0..8 {
        strong.post("/users/me/recovery-codes", json!({})).await.assert_status(200);
    }
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
