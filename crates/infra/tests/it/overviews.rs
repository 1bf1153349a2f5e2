//! Last logins and second factors of accounts, as administrators see them.

use std::collections::BTreeMap;

use crate::support::{add_user, at, open};
use keyward_auth::SecretHash;
use keyward_domain::model::factors::TotpOffer;
use keyward_domain::model::overviews::Overview;
use keyward_domain::ports::store::Store;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::proof::Method;

#[tokio::test]
async fn the_latest_login_is_noted_in_any_order() {
    let database = open().await;
    let [ana, bob] = [add_user(&database, "ana").await.id, add_user(&database, "bob").await.id];
    let mut repositories = database.autocommit();
    let noted = Overview { last_login_at: Some(at(0)), factors: Vec::new() };
    for seconds in [-60, 0, -5] {
        repositories.overviews().note_login(ana, at(seconds)).await.unwrap();
    }
    let unknown = UserId(99);
    let found = repositories.overviews().of(&[bob, unknown, ana]).await.unwrap();
    assert_eq!(found, BTreeMap::from([(ana, noted), (bob, Overview::default())]));
    assert!(repositories.overviews().of(&[]).await.unwrap().is_empty());
    assert!(repositories.overviews().note_login(unknown, at(0)).await.is_err(), "there is no such account");
}

#[tokio::test]
async fn recovery_codes_count_beside_another_factor_alone() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let factors = async || {
        let found = database.autocommit().overviews().of(&[ana]).await.unwrap();
        found.into_values().next().unwrap().factors
    };
    let mut tx = database.begin().await.unwrap();
    tx.factor_changes().replace_recovery_codes(ana, &[SecretHash::of("code")]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(factors().await, []);
    let offer = TotpOffer { user: ana, secret: vec![1], expires_at: at(60) };
    database.autocommit().factors().offer_totp(&offer).await.unwrap();
    let mut tx = database.begin().await.unwrap();
    assert!(tx.factor_changes().accept_totp(&offer, 1, at(0)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(factors().await, [Method::Otp, Method::RecoveryCode]);
}

/// Each login locks the row of its account together with others: none may wait for another in a circle.
#[tokio::test(flavor = "multi_thread")]
async fn logins_of_one_account_at_once_do_not_wait_for_each_other_in_a_circle() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let logins = (0..8).map(|second| {
        let database = database.clone();
        tokio::spawn(async move {
            let mut tx = database.begin().await.unwrap();
            tx.user_changes().still_has(ana, None).await.unwrap();
            tx.overviews().note_login(ana, at(second)).await.unwrap();
            tx.commit().await.unwrap();
        })
    });
    for login in logins.collect::<Vec<_>>() {
        login.await.unwrap();
    }
    let found = database.autocommit().overviews().of(&[ana]).await.unwrap();
    assert_eq!(found[&ana].last_login_at, Some(at(7)));
}
