//! Keys that are no account's: each costs a look-up, so an IP address may show a number of them and then waits.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::TestApp;
use keyward_api::testing::race::{at_once, count};
use keyward_auth::{ApiKey, SystemRandom};
use serde_json::json;
use time::Duration;

use super::{holder, made};
use crate::app::Starts;

/// A key with a right checksum that no account has.
pub(crate) fn unknown() -> String {
    ApiKey::generate(&SystemRandom).expose().to_owned()
}

/// A call with this key from an IP address.
async fn call(app: &TestApp, key: &str, from: &str) -> Answer {
    app.bearer(key).call("GET", "/users/me").from(from).send().await
}

#[tokio::test]
async fn an_address_that_shows_many_unknown_keys_waits_and_others_do_not() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let (seen, unseen) = (made(&ana, json!({ "name": "a" })).await, made(&ana, json!({ "name": "b" })).await);
    let (seen, unseen) = (seen["key"].as_str().unwrap(), unseen["key"].as_str().unwrap());
    call(&app, seen, "192.0.2.1").await.assert_status(200);
    for _ in 0..60 {
        let refused = call(&app, &unknown(), "192.0.2.1").await.assert_status(401);
        assert_eq!(refused.code(), "invalid_token");
    }
    let waits = call(&app, &unknown(), "192.0.2.1").await.assert_status(429);
    assert_eq!(waits.code(), "too_many_attempts");
    assert!((1..=2).contains(&waits.header("retry-after").parse::<u64>().unwrap()));
    // An account's key goes on, seen before or not, and so does every other address, those of this machine included.
    for key in [seen, unseen] {
        call(&app, key, "192.0.2.1").await.assert_status(200);
    }
    call(&app, &unknown(), "192.0.2.2").await.assert_status(401);
    for _ in 0..70 {
        call(&app, &unknown(), "127.0.0.1").await.assert_status(401);
    }
    app.clock.advance(Duration::seconds(2));
    call(&app, &unknown(), "192.0.2.1").await.assert_status(401);
}

#[tokio::test]
async fn one_unknown_key_again_and_again_uses_nothing_up() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let key = unknown();
    for _ in 0..200 {
        call(&app, &key, "192.0.2.1").await.assert_status(401);
    }
    let good = made(&ana, json!({ "name": "good" })).await;
    call(&app, good["key"].as_str().unwrap(), "192.0.2.1").await.assert_status(200);
    holder(&ana, &good).get("/users/me").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_unknown_keys_at_once_no_more_than_the_limit_are_free() {
    let app = TestApp::start().await;
    let answers = at_once(100, |_| {
        let app = app.clone();
        async move { call(&app, &unknown(), "192.0.2.1").await }
    });
    let answers = answers.await;
    assert_eq!((count(&answers, 401), count(&answers, 429)), (60, 40), "{answers:?}");
}

#[tokio::test]
async fn accounts_keys_use_up_no_guesses() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for _ in 0..20 {
        let key = made(&ana, json!({ "name": "a" })).await;
        call(&app, key["key"].as_str().unwrap(), "192.0.2.1").await.assert_status(200);
        ana.delete(&format!("/users/me/api-keys/{}", key["id"])).await.assert_status(204);
    }
    for _ in 0..60 {
        call(&app, &unknown(), "192.0.2.1").await.assert_status(401);
    }
}

#[tokio::test]
async fn a_key_whose_owner_is_locked_out_is_good_as_soon_as_the_owner_is_back() {
    let app = TestApp::start().await;
    let (ana, admin) = (app.user("ana").await, app.admin("root").await);
    let key = made(&ana, json!({ "name": "a" })).await;
    let disable = |disabled: bool| json!({ "disabled": disabled });
    let path = format!("/users/{}", ana.id);
    admin.patch(&path, disable(true)).await.assert_status(200);
    let key = key["key"].as_str().unwrap();
    call(&app, key, "192.0.2.1").await.assert_status(401);
    admin.patch(&path, disable(false)).await.assert_status(200);
    call(&app, key, "192.0.2.1").await.assert_status(200);
}

#[tokio::test]
async fn an_ipv6_subscriber_is_one_caller() {
    let app = TestApp::start().await;
    for host in 0..60 {
        call(&app, &unknown(), &format!("2001:db8::{host:x}")).await.assert_status(401);
    }
    call(&app, &unknown(), "2001:db8::ffff").await.assert_status(429);
    call(&app, &unknown(), "2001:db8:0:1::1").await.assert_status(401);
}

#[tokio::test]
async fn without_rate_limits_no_key_waits() {
    let app = TestApp::with_flags(&["--throttle", "off"]).await;
    for _ in 0..100 {
        call(&app, &unknown(), "192.0.2.1").await.assert_status(401);
    }
}
