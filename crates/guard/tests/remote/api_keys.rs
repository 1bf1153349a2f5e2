//! API keys: the issuer is asked about them, and its answers are remembered for the revocation bound.

use std::sync::atomic::Ordering;
use std::time::Duration;

use keyward_auth::ApiKey;
use keyward_guard::{
    Authenticator, Credential, Refusal, RemoteAuthenticator, RemoteBuilder, RemoteError, SystemRandom,
};
use serde_json::json;

use crate::issuer::{Issuer, now};
use crate::until;

const BOUND: Duration = Duration::from_secs(1);

fn accepting(issuer: &Issuer) -> RemoteBuilder {
    RemoteAuthenticator::builder(issuer.name())
        .follow_revocations("invoices", "s3cr3t")
        .revocation_bound(BOUND)
        .accept_api_keys()
}

fn key() -> String {
    ApiKey::generate(&SystemRandom).expose().to_owned()
}

fn says(issuer: &Issuer, state: serde_json::Value) {
    *issuer.desk.state.lock().unwrap() = state;
}

/// How often introspection answered.
fn questions(issuer: &Issuer) -> usize {
    issuer.desk.introspections.load(Ordering::SeqCst)
}

#[tokio::test]
async fn a_key_is_whose_the_issuer_says_and_many_calls_make_one_question() {
    let issuer = Issuer::start().await;
    says(&issuer, json!({ "active": true, "sub": "7", "scope": "notes:read" }));
    let authenticator = accepting(&issuer).discover().await.unwrap();
    let key = key();
    let calls = (0..20).map(|_| {
        let (authenticator, key) = (authenticator.clone(), key.clone());
        tokio::spawn(async move { authenticator.authenticate(&key).await })
    });
    for call in calls.collect::<Vec<_>>() {
        let principal = call.await.unwrap().unwrap();
        assert_eq!((&*principal.subject, principal.session), ("7", None));
        assert!(principal.scope.contains("notes:read") && principal.authenticated_at.is_none());
        assert_eq!(principal.credential, Credential::ApiKey);
    }
    assert_eq!(questions(&issuer), 1);
}

#[tokio::test]
async fn a_key_that_was_removed_is_refused_within_the_bound() {
    let issuer = Issuer::start().await;
    says(&issuer, json!({ "active": true, "sub": "7", "scope": "notes:read" }));
    let authenticator = accepting(&issuer).discover().await.unwrap();
    let key = key();
    assert!(authenticator.authenticate(&key).await.is_ok());
    says(&issuer, json!({ "active": false }));
    tokio::time::sleep(BOUND).await;
    assert_eq!(authenticator.authenticate(&key).await, Err(Refusal::InvalidToken));
    assert_eq!(questions(&issuer), 2);
    // While the issuer is away, what it said is good for the bound, and then nothing can be said.
    issuer.desk.away.store(true, Ordering::SeqCst);
    assert_eq!(authenticator.authenticate(&key).await, Err(Refusal::InvalidToken));
    until(async || authenticator.authenticate(&key).await == Err(Refusal::Unavailable)).await;
    issuer.desk.away.store(false, Ordering::SeqCst);
    says(&issuer, json!({ "active": true, "sub": "7" }));
    assert!(authenticator.authenticate(&key).await.is_ok(), "a question that failed is put again");
}

#[tokio::test]
async fn a_key_is_refused_from_the_second_of_its_end_on_however_long_the_answer_is_remembered() {
    let issuer = Issuer::start().await;
    let end = now() + 2;
    says(&issuer, json!({ "active": true, "sub": "7", "exp": end }));
    let authenticator = accepting(&issuer).revocation_bound(Duration::from_mins(1)).discover().await.unwrap();
    let key = key();
    assert!(authenticator.authenticate(&key).await.is_ok());
    until(async || authenticator.authenticate(&key).await == Err(Refusal::Expired)).await;
    assert!(now() >= end);
    assert_eq!(questions(&issuer), 1);
}

#[tokio::test]
async fn a_misspelt_key_and_one_where_keys_are_not_accepted_cost_no_question() {
    let issuer = Issuer::start().await;
    let authenticator = accepting(&issuer).discover().await.unwrap();
    let mut misspelt = key();
    misspelt.pop();
    for text in [misspelt.as_str(), "kwp_", "kwp_.x.y"] {
        assert_eq!(authenticator.authenticate(text).await, Err(Refusal::InvalidToken), "{text}");
    }
    let without = RemoteAuthenticator::builder(issuer.name()).follow_revocations("invoices", "s3cr3t");
    let without = without.discover().await.unwrap();
    assert_eq!(without.authenticate(&key()).await, Err(Refusal::InvalidToken));
    assert_eq!(questions(&issuer), 0);
    let nameless = RemoteAuthenticator::builder(issuer.name()).accept_api_keys().build();
    assert!(matches!(nameless, Err(RemoteError::Settings(_))));
}

#[tokio::test]
async fn with_introspection_a_removed_key_is_refused_at_once() {
    let issuer = Issuer::start().await;
    says(&issuer, json!({ "active": true, "sub": "7" }));
    let asking = RemoteAuthenticator::builder(issuer.name()).introspect("invoices", "s3cr3t");
    let authenticator = asking.accept_api_keys().discover().await.unwrap();
    let key = key();
    assert!(authenticator.authenticate(&key).await.is_ok());
    says(&issuer, json!({ "active": false }));
    assert_eq!(authenticator.authenticate(&key).await, Err(Refusal::InvalidToken));
}

#[tokio::test]
async fn a_key_in_use_stays_remembered_while_thousands_of_others_come_and_go() {
    let issuer = Issuer::start().await;
    says(&issuer, json!({ "active": true, "sub": "7" }));
    let authenticator = accepting(&issuer).revocation_bound(Duration::from_mins(5)).discover().await.unwrap();
    let busy = key();
    for _ in 0..3 {
        assert!(authenticator.authenticate(&busy).await.is_ok());
    }
    let others = 12_000;
    for number in 1..=others {
        assert!(authenticator.authenticate(&key()).await.is_ok());
        if number % 100 == 0 {
            assert!(authenticator.authenticate(&busy).await.is_ok());
        }
    }
    assert_eq!(questions(&issuer), others + 1, "the busy key was asked about once");
}
