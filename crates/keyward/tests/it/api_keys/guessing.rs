//! Keys that are nobody's: each costs a look-up, so an IP address has so many and then waits.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::TestApp;
use keyward_auth::{ApiKey, SystemRandom};
use serde_json::json;
use time::Duration;

use super::{holder, made};
use crate::app::Starts;

/// A key with a right checksum that nobody has.
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
    for key in [unknown(), unseen.to_owned()] {
        let waits = call(&app, &key, "192.0.2.1").await.assert_status(429);
        assert_eq!(waits.code(), "too_many_attempts");
        assert!((1..=2).contains(&waits.header("retry-after").parse::<u64>().unwrap()));
    }
    // A key that was somebody's goes on, and so does every other address, those of this machine included.
    call(&app, seen, "192.0.2.1").await.assert_status(200);
    call(&app, unseen, "192.0.2.2").await.assert_status(200);
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
