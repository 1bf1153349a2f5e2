//! Sessions that end: told by the feed, or asked about by introspection.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use keyward_guard::{Authenticator, Refusal, RemoteAuthenticator, RemoteBuilder, RemoteError};
use serde_json::json;

use crate::issuer::Issuer;
use crate::until;

/// An answer has half of it to come.
const BOUND: Duration = Duration::from_secs(2);

fn following(issuer: &Issuer) -> RemoteBuilder {
    RemoteAuthenticator::builder(issuer.name())
        .follow_revocations("invoices", "s3cr3t")
        .revocation_bound(BOUND)
}

pub(crate) fn introspecting(issuer: &Issuer) -> RemoteBuilder {
    RemoteAuthenticator::builder(issuer.name()).introspect("invoices", "s3cr3t")
}

fn end(issuer: &Issuer, session: &'static str) {
    issuer.desk.ended.lock().unwrap().push(session);
}

#[tokio::test]
async fn an_ended_session_is_refused_and_no_other_without_a_call_for_each() {
    let issuer = Issuer::start().await;
    let authenticator = following(&issuer).discover().await.unwrap();
    let (one, two) = (issuer.token_of(Some("s1")), issuer.token_of(Some("s2")));
    assert!(authenticator.authenticate(&one).await.is_ok() && authenticator.revocations_are_known());
    end(&issuer, "s1");
    until(async || authenticator.authenticate(&one).await == Err(Refusal::InvalidToken)).await;
    assert!(authenticator.authenticate(&two).await.is_ok());
    assert_eq!((issuer.metadata_fetches(), issuer.key_fetches()), (1, 1));
}

#[tokio::test]
async fn what_ended_before_the_start_is_known_from_the_first_call_on() {
    let issuer = Issuer::start().await;
    issuer.desk.page.store(2, Ordering::SeqCst);
    for session in ["s1", "s2", "s3", "s4", "s5"] {
        end(&issuer, session);
    }
    let discovered = following(&issuer).discover().await.unwrap();
    assert_eq!(discovered.authenticate(&issuer.token_of(Some("s5"))).await, Err(Refusal::InvalidToken));
    // Nor does a lock that did not wait for the feed accept a token before its first answer.
    let built = following(&issuer).build().unwrap();
    assert_eq!(built.authenticate(&issuer.token_of(Some("s5"))).await, Err(Refusal::InvalidToken));
    assert!(built.authenticate(&issuer.token_of(Some("s6"))).await.is_ok());
}

#[tokio::test]
async fn while_the_feed_is_away_the_keys_alone_decide_and_that_can_be_seen() {
    let issuer = Issuer::start().await;
    let authenticator = following(&issuer).discover().await.unwrap();
    end(&issuer, "s1");
    let (one, two) = (issuer.token_of(Some("s1")), issuer.token_of(Some("s2")));
    until(async || authenticator.authenticate(&one).await.is_err()).await;
    issuer.desk.away.store(true, Ordering::SeqCst);
    until(async || !authenticator.revocations_are_known()).await;
    assert_eq!(
        authenticator.authenticate(&one).await,
        Err(Refusal::InvalidToken),
        "what is known stays known"
    );
    assert!(authenticator.authenticate(&two).await.is_ok());
    issuer.desk.queries.lock().unwrap().clear();
    end(&issuer, "s2");
    issuer.desk.away.store(false, Ordering::SeqCst);
    until(async || authenticator.authenticate(&two).await == Err(Refusal::InvalidToken)).await;
    until(async || authenticator.revocations_are_known()).await;
    assert_eq!(issuer.desk.queries.lock().unwrap()[0], "", "after a failure the whole set is read");
}

#[tokio::test]
async fn the_strict_let_nobody_in_while_the_feed_is_away() {
    let issuer = Issuer::start().await;
    issuer.desk.away.store(true, Ordering::SeqCst);
    let authenticator = following(&issuer).strict().build().unwrap();
    assert_eq!(authenticator.authenticate(&issuer.token()).await, Err(Refusal::Unavailable));
    issuer.desk.away.store(false, Ordering::SeqCst);
    until(async || authenticator.authenticate(&issuer.token()).await.is_ok()).await;
    issuer.desk.away.store(true, Ordering::SeqCst);
    until(async || authenticator.authenticate(&issuer.token()).await == Err(Refusal::Unavailable)).await;
}

#[tokio::test]
async fn the_strict_let_nobody_in_whose_session_ended_longer_ago_than_the_bound() {
    let issuer = Issuer::start().await;
    let authenticator = following(&issuer).strict().discover().await.unwrap();
    let token = issuer.token();
    // The feed looks, the session ends just afterwards, and the answer takes its time. It is the last one.
    issuer.desk.answer_permits.forget_permits(usize::MAX);
    let asked = || issuer.desk.queries.lock().unwrap().len();
    let before = asked();
    until(async || asked() > before).await;
    end(&issuer, "s1");
    let ended = Instant::now();
    issuer.desk.away.store(true, Ordering::SeqCst);
    tokio::time::sleep(BOUND * 2 / 5).await;
    issuer.desk.answer_permits.add_permits(100);
    until(async || {
        let now = Instant::now();
        let answer = authenticator.authenticate(&token).await;
        assert!(answer.is_err() || now < ended + BOUND, "let in {:?} after the end", now - ended);
        answer == Err(Refusal::Unavailable)
    })
    .await;
}

#[tokio::test]
async fn what_is_known_is_as_old_as_the_first_of_its_pages() {
    let issuer = Issuer::start().await;
    issuer.desk.page.store(1, Ordering::SeqCst);
    issuer.desk.answer_permits.forget_permits(usize::MAX);
    end(&issuer, "s1");
    end(&issuer, "s2");
    let authenticator = following(&issuer).build().unwrap();
    let asked = || issuer.desk.queries.lock().unwrap().len();
    until(async || asked() == 1).await;
    let looked = Instant::now();
    tokio::time::sleep(BOUND * 2 / 5).await;
    issuer.desk.answer_permits.add_permits(1);
    until(async || asked() == 2).await;
    issuer.desk.away.store(true, Ordering::SeqCst);
    issuer.desk.answer_permits.add_permits(100);
    // On a machine that is too busy for the bound it may have failed, and then nothing is known.
    let _ = authenticator.ready().await;
    until(async || {
        let now = Instant::now();
        let known = authenticator.revocations_are_known();
        assert!(!known || now < looked + BOUND, "known {:?} after the look", now - looked);
        !known
    })
    .await;
}

#[tokio::test]
async fn two_waits_leave_half_the_bound_for_the_answers_to_come() {
    let issuer = Issuer::start().await;
    for (bound, wait) in [(5, 1), (10, 2), (60, 15), (600, 20)] {
        issuer.desk.queries.lock().unwrap().clear();
        let _authenticator =
            following(&issuer).revocation_bound(Duration::from_secs(bound)).discover().await.unwrap();
        until(async || issuer.desk.queries.lock().unwrap().len() > 1).await;
        assert_eq!(issuer.desk.queries.lock().unwrap()[1], format!("after=0&wait={wait}"));
    }
}

#[tokio::test]
async fn a_leeway_that_outlives_what_the_feed_remembers_is_refused() {
    let issuer = Issuer::start().await;
    for refused in [following(&issuer).leeway_seconds(61), following(&issuer).leeway_seconds(i64::MAX)] {
        let error = refused.clone().build().unwrap_err();
        assert!(matches!(error, RemoteError::Settings(_)) && error.to_string().contains("60 s"), "{error}");
        assert!(matches!(refused.discover().await, Err(RemoteError::Settings(_))));
    }
    for good in [
        following(&issuer).leeway_seconds(60),
        introspecting(&issuer).leeway_seconds(61),
        RemoteAuthenticator::builder(issuer.name()).leeway_seconds(61),
    ] {
        assert!(good.build().is_ok());
    }
}

#[tokio::test]
async fn a_wrong_secret_and_a_missing_feed_are_noticed_at_the_start() {
    let issuer = Issuer::start().await;
    let wrong = RemoteAuthenticator::builder(issuer.name()).follow_revocations("invoices", "other");
    assert!(matches!(wrong.discover().await, Err(RemoteError::Status { status: 401, .. })));
    let broken = RemoteAuthenticator::builder(issuer.name()).follow_revocations("invoices\n", "\u{1f600}");
    assert!(
        matches!(broken.discover().await, Err(RemoteError::Status { status: 401, .. })),
        "anything can be sent"
    );
    issuer.desk.metadata.lock().unwrap()["revocation_feed_endpoint"].take();
    assert!(matches!(following(&issuer).discover().await, Err(RemoteError::Answer { .. })));
    issuer.desk.metadata.lock().unwrap()["introspection_endpoint"].take();
    assert!(matches!(introspecting(&issuer).discover().await, Err(RemoteError::Answer { .. })));
}

#[tokio::test]
async fn introspection_sees_everything_at_once() {
    let issuer = Issuer::start().await;
    let authenticator = introspecting(&issuer).discover().await.unwrap();
    let ask = async || authenticator.authenticate(&issuer.token()).await;
    let say = |state| *issuer.desk.state.lock().unwrap() = state;
    assert!(ask().await.unwrap().scope.contains("notes:read"), "nothing said of the scope");
    say(json!({ "active": true, "sub": "ana", "scope": "notes:write notes:read" }));
    assert_eq!(ask().await.unwrap().scope.to_string(), "notes:read", "never more than the token has");
    say(json!({ "active": true, "scope": "" }));
    assert!(ask().await.unwrap().scope.is_empty());
    for state in [json!({ "active": false }), json!({ "active": true, "sub": "eve" })] {
        say(state);
        assert_eq!(ask().await, Err(Refusal::InvalidToken));
    }
    for state in
        [json!({}), json!({ "active": "true" }), json!([]), json!({ "active": true, "scope": ["x"] })]
    {
        say(state);
        assert_eq!(ask().await, Err(Refusal::Unavailable));
    }
    say(json!({ "active": true }));
    assert!(ask().await.is_ok());
    issuer.desk.away.store(true, Ordering::SeqCst);
    assert_eq!(ask().await, Err(Refusal::Unavailable));
    assert_eq!(authenticator.authenticate("x.y.z").await, Err(Refusal::InvalidToken), "that needs no feed");
}

#[tokio::test]
async fn with_the_last_clone_the_feed_is_no_longer_followed() {
    let issuer = Issuer::start().await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let authenticator = following(&issuer).discover().await.unwrap();
    assert!(tasks() > before);
    drop(authenticator);
    until(async || tasks() == before).await;
}
