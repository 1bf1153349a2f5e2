//! Introspection while the issuer is out of order, or elsewhere: who waits for whom, and when its metadata is fetched again.

use std::sync::atomic::Ordering;

use keyward_guard::{Authenticator, Refusal};
use serde_json::json;
use tokio::task::JoinSet;

use crate::issuer::Issuer;
use crate::revocation::introspecting;
use crate::until;

#[tokio::test]
async fn a_fetch_that_fails_answers_everybody_who_waited_for_it() {
    let issuer = Issuer::start().await;
    let authenticator = introspecting(&issuer).discover().await.unwrap();
    // Such an answer may come from another server: the metadata is no longer believed.
    *issuer.desk.state.lock().unwrap() = json!({});
    assert_eq!(authenticator.authenticate(&issuer.token()).await, Err(Refusal::Unavailable));
    issuer.desk.metadata_permits.forget_permits(usize::MAX);
    issuer.desk.metadata_away.store(true, Ordering::SeqCst);
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let (authenticator, token) = (authenticator.clone(), issuer.token());
        calls.spawn(async move { authenticator.authenticate(&token).await });
    }
    until(async || issuer.metadata_fetches() == 2).await;
    // No caller is answered before; then all are, by one failure.
    assert!(calls.try_join_next().is_none());
    issuer.desk.metadata_permits.add_permits(100);
    while let Some(answer) = calls.join_next().await {
        assert_eq!(answer.unwrap(), Err(Refusal::Unavailable));
    }
    assert_eq!(issuer.metadata_fetches(), 2);
    // A later caller starts another attempt.
    issuer.desk.metadata_away.store(false, Ordering::SeqCst);
    *issuer.desk.state.lock().unwrap() = json!({ "active": true });
    assert!(authenticator.authenticate(&issuer.token()).await.is_ok());
    assert_eq!(issuer.metadata_fetches(), 3);
}

#[tokio::test]
async fn an_endpoint_that_is_out_of_order_is_where_it_was() {
    let issuer = Issuer::start().await;
    let authenticator = introspecting(&issuer).discover().await.unwrap();
    issuer.desk.away.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(authenticator.authenticate(&issuer.token()).await, Err(Refusal::Unavailable));
    }
    issuer.desk.away.store(false, Ordering::SeqCst);
    assert!(authenticator.authenticate(&issuer.token()).await.is_ok());
    assert_eq!(issuer.metadata_fetches(), 1);
}

#[tokio::test]
async fn an_endpoint_that_moved_is_found_again() {
    let issuer = Issuer::start().await;
    let moved = json!(format!("{}/gone", issuer.name()));
    let found = std::mem::replace(&mut issuer.desk.metadata.lock().unwrap()["introspection_endpoint"], moved);
    let authenticator = introspecting(&issuer).discover().await.unwrap();
    issuer.desk.metadata.lock().unwrap()["introspection_endpoint"] = found;
    assert_eq!(authenticator.authenticate(&issuer.token()).await, Err(Refusal::Unavailable));
    assert!(authenticator.authenticate(&issuer.token()).await.is_ok());
    assert_eq!(issuer.metadata_fetches(), 2);
}

#[tokio::test]
async fn a_late_failure_takes_nothing_away_that_was_fetched_since() {
    let issuer = Issuer::start().await;
    let authenticator = introspecting(&issuer).discover().await.unwrap();
    let call = || {
        let (authenticator, token) = (authenticator.clone(), issuer.token());
        async move { authenticator.authenticate(&token).await }
    };
    issuer.desk.answer_permits.forget_permits(usize::MAX);
    *issuer.desk.state.lock().unwrap() = json!({});
    let mut early = JoinSet::new();
    early.spawn(call());
    early.spawn(call());
    until(async || issuer.desk.queries.lock().unwrap().len() == 2).await;
    // The same unusable answer waits for both, and one gets it now.
    *issuer.desk.state.lock().unwrap() = json!({ "active": true });
    issuer.desk.answer_permits.add_permits(1);
    assert_eq!(early.join_next().await.unwrap().unwrap(), Err(Refusal::Unavailable));
    let later = tokio::spawn(call());
    until(async || issuer.metadata_fetches() == 2).await;
    issuer.desk.answer_permits.add_permits(100);
    assert_eq!(early.join_next().await.unwrap().unwrap(), Err(Refusal::Unavailable));
    assert!(later.await.unwrap().is_ok() && call().await.is_ok());
    assert_eq!(issuer.metadata_fetches(), 2);
}
