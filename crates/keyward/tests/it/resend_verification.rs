//! Asking for another mail that verifies an address, without a login and without telling who has an account.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{TestApp, address};
use keyward_api::testing::letters::{code, token};
use serde_json::json;
use time::Duration;

use crate::app::Starts;

const WORDS: &str =
    "If this address has an account and is not verified yet, a code and a link are on their way to it.";

async fn ask(app: &TestApp, name: &str) -> Answer {
    app.anonymous().post("/verification", json!({ "email": address(name) })).await
}

#[tokio::test]
async fn an_account_that_waits_for_its_verification_gets_another_mail() {
    let app = TestApp::with_flags(&["--require-verified-email", "on"]).await;
    let account = json!({ "email": address("ana"), "password": "seven wild horses" });
    app.anonymous().post("/users", account).await.assert_status(201);
    let first = app.letter().await;
    assert_eq!(ask(&app, "ana").await.assert_status(202).detail(), WORDS);
    assert_eq!(app.letters().await.len(), 0, "a minute has not gone by");
    app.clock.advance(Duration::minutes(1));
    ask(&app, "ana").await.assert_status(202);
    let second = app.letter().await;
    assert_eq!(second.recipient.as_str(), address("ana"));
    let link = json!({ "token": token(&first, "verify-email") });
    app.anonymous().post("/verify-email", link).await.assert_status(400);
    let typed = json!({ "email": address("ana"), "code": code(&second) });
    app.anonymous().post("/verify-email", typed).await.assert_status(204);
    app.clock.advance(Duration::minutes(1));
    assert_eq!(ask(&app, "ana").await.assert_status(202).detail(), WORDS);
    assert_eq!(app.letters().await.len(), 0, "it is verified");
}

#[tokio::test]
async fn the_answer_does_not_tell_who_has_an_account() {
    let app = TestApp::start().await;
    let (eve, root) = (app.user("eve").await, app.admin("root").await);
    app.user("ana").await;
    root.patch(&format!("/users/{}", eve.id), json!({ "disabled": true })).await.assert_status(200);
    let known = ask(&app, "ana").await.assert_status(202);
    for name in ["unknown", "eve"] {
        assert_eq!(ask(&app, name).await.assert_status(202).text(), known.text(), "{name}");
    }
    let letters = app.letters().await;
    assert_eq!(letters.len(), 1, "a locked account gets none");
    assert_eq!(letters[0].recipient.as_str(), address("ana"));
    let waiting = app.mails().await;
    assert!(
        waiting.iter().all(|mail| mail.recipient.as_str() != address("unknown")),
        "no mail waits for an unknown address"
    );
}

#[tokio::test]
async fn mails_are_limited_for_each_address_and_the_owners_own_are_not_used_up() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for _ in 0..5 {
        for name in ["ana", "unknown"] {
            assert_eq!(ask(&app, name).await.assert_status(202).detail(), WORDS, "{name}");
        }
        app.clock.advance(Duration::minutes(1));
    }
    assert_eq!(app.letters().await.len(), 5);
    for name in ["ana", "unknown"] {
        let answer = ask(&app, name).await.assert_status(202);
        assert!(answer.detail().starts_with("Several mails were requested"), "{}", answer.text());
    }
    assert_eq!(app.letters().await.len(), 0);
    ana.post("/users/me/verification", json!({})).await.assert_status(202);
    assert_eq!(app.letters().await.len(), 1);
}

#[tokio::test]
async fn a_flood_of_requests_is_limited_by_its_ip_address() {
    let app = TestApp::with_flags(&["--throttle-address-free", "3"]).await;
    let ask = async |name: &str| {
        let body = json!({ "email": address(name) });
        app.anonymous().call("POST", "/verification").json(&body).from("192.0.2.9").send().await
    };
    for number in 0..3 {
        ask(&format!("new{number}")).await.assert_status(202);
    }
    let answer = ask("late").await.assert_status(429);
    assert_eq!(&*answer.code(), "too_many_attempts");
    app.anonymous().post("/verification", json!({ "email": "nonsense" })).await.assert_status(422);
}
