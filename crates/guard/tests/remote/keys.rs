//! Keys over time: fetched once for all, ahead of expiry, for a new name, and kept while the issuer is away.

use std::sync::atomic::Ordering;

use keyward_guard::{Authenticator, Refusal, RemoteAuthenticator};
use serde_json::json;
use tokio::task::JoinSet;

use crate::issuer::{Issuer, Keys};
use crate::{LONG, SHORT, until};

#[tokio::test]
async fn a_token_says_who_it_is_without_a_call_for_each() {
    let issuer = Issuer::start().await;
    let authenticator = RemoteAuthenticator::discover(&issuer.name()).await.unwrap();
    for _ in 0..100 {
        let principal = authenticator.authenticate(&issuer.token()).await.unwrap();
        assert_eq!((&*principal.subject, principal.session.as_deref()), ("ana", Some("s1")));
        assert!(principal.scope.contains("notes:read"));
    }
    assert_eq!((issuer.metadata_fetches(), issuer.key_fetches()), (1, 1));
}

#[tokio::test]
async fn one_fetch_serves_everybody_who_waits() {
    let issuer = Issuer::start().await;
    issuer.desk.permits.forget_permits(usize::MAX);
    let authenticator = RemoteAuthenticator::builder(issuer.name()).build().unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let (authenticator, token) = (authenticator.clone(), issuer.token());
        calls.spawn(async move { authenticator.authenticate(&token).await });
    }
    until(async || issuer.key_fetches() == 1).await;
    // A caller that gives up takes nothing away from the others.
    let gone = tokio::time::timeout(SHORT, authenticator.authenticate(&issuer.token())).await;
    assert!(gone.is_err());
    issuer.desk.permits.add_permits(1);
    while let Some(answer) = calls.join_next().await {
        assert_eq!(answer.unwrap().unwrap().subject, "ana");
    }
    assert_eq!(issuer.key_fetches(), 1);
}

#[tokio::test]
async fn the_first_token_of_a_new_key_is_accepted() {
    let issuer = Issuer::start().await;
    let authenticator =
        RemoteAuthenticator::builder(issuer.name()).refetch_pause(LONG).discover().await.unwrap();
    let old = issuer.token();
    issuer.rotate();
    assert!(authenticator.authenticate(&issuer.token()).await.is_ok());
    assert_eq!(issuer.key_fetches(), 2);
    assert_eq!(authenticator.authenticate(&old).await, Err(Refusal::InvalidToken));
}

#[tokio::test]
async fn unknown_keys_are_asked_for_once_in_a_while_only() {
    let issuer = Issuer::start().await;
    let authenticator =
        RemoteAuthenticator::builder(issuer.name()).refetch_pause(LONG).discover().await.unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let (authenticator, token) = (authenticator.clone(), issuer.forged());
        calls.spawn(async move { authenticator.authenticate(&token).await });
    }
    while let Some(answer) = calls.join_next().await {
        assert_eq!(answer.unwrap(), Err(Refusal::InvalidToken));
    }
    assert_eq!(issuer.key_fetches(), 2);
}

#[tokio::test]
async fn keys_are_fetched_again_before_they_expire_and_nobody_waits_for_that() {
    let issuer = Issuer::start().await;
    *issuer.desk.cache_control.lock().unwrap() = "max-age=0";
    let authenticator =
        RemoteAuthenticator::builder(issuer.name()).refetch_pause(SHORT).discover().await.unwrap();
    until(async || issuer.key_fetches() >= 3).await;
    issuer.desk.permits.forget_permits(usize::MAX);
    let fetched = issuer.key_fetches();
    until(async || issuer.key_fetches() > fetched).await;
    assert!(authenticator.authenticate(&issuer.token()).await.is_ok());
}

#[tokio::test]
async fn the_last_good_keys_are_kept_while_the_issuer_is_away() {
    let mut issuer = Issuer::start().await;
    *issuer.desk.cache_control.lock().unwrap() = "no-store";
    let authenticator =
        RemoteAuthenticator::builder(issuer.name()).refetch_pause(SHORT).discover().await.unwrap();
    let token = issuer.token();
    issuer.close().await;
    // A key that is not known may be new: that cannot be found out now.
    until(async || authenticator.authenticate(&issuer.forged()).await == Err(Refusal::Unavailable)).await;
    assert!(authenticator.authenticate(&token).await.is_ok());
    *issuer.desk.keys.lock().unwrap() = Keys::Good;
    issuer.rotate();
    issuer.open().await;
    until(async || authenticator.authenticate(&issuer.token()).await.is_ok()).await;
    assert_eq!(authenticator.authenticate(&token).await, Err(Refusal::InvalidToken));
}

#[tokio::test]
async fn a_bad_set_does_not_replace_a_good_one() {
    let issuer = Issuer::start().await;
    *issuer.desk.cache_control.lock().unwrap() = "max-age=0";
    let authenticator =
        RemoteAuthenticator::builder(issuer.name()).refetch_pause(SHORT).discover().await.unwrap();
    for bad in [Keys::Garbage, Keys::None, Keys::TooLong, Keys::Elsewhere, Keys::Broken] {
        *issuer.desk.keys.lock().unwrap() = bad;
        let fetched = issuer.key_fetches();
        until(async || issuer.key_fetches() >= fetched + 2).await;
        assert!(authenticator.authenticate(&issuer.token()).await.is_ok(), "{bad:?}");
        *issuer.desk.keys.lock().unwrap() = Keys::Good;
        until(async || authenticator.ready().await.is_ok() && issuer.key_fetches() > fetched + 2).await;
    }
    assert_eq!(issuer.desk.strays.load(Ordering::SeqCst), 0, "no redirection is followed");
}

#[tokio::test]
async fn keys_of_other_kinds_and_bad_ones_stand_in_nobodys_way() {
    let issuer = Issuer::start().await;
    *issuer.desk.beside.lock().unwrap() = vec![
        json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "shared" }),
        json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "weak" }),
        json!({ "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA" }),
        json!({ "kty": 1 }),
        json!("nonsense"),
    ];
    let authenticator = RemoteAuthenticator::discover(&issuer.name()).await.unwrap();
    assert!(authenticator.authenticate(&issuer.token()).await.is_ok());
}
