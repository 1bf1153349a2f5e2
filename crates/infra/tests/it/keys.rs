//! Signing keys.

use keyward_auth::Algorithm;
use keyward_domain::model::keys::StoredKey;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::store::Store;

use crate::support::{at, is_internal, open, tamper};

fn key(kid: &str, signs_from: i64) -> StoredKey {
    StoredKey {
        kid: kid.to_owned(),
        algorithm: Algorithm::EdDsa,
        sealed: vec![0, 255, 39, 92],
        created_at: at(1),
        signs_from: at(signs_from),
        retired_at: None,
    }
}

#[tokio::test]
async fn the_keys_of_an_algorithm_come_back_in_the_order_in_which_they_sign() {
    let database = open().await;
    let mut ports = database.autocommit();
    let other = StoredKey { algorithm: Algorithm::Es256, ..key("x", 0) };
    let withdrawn = StoredKey { retired_at: Some(at(9)), ..key("w", 0) };
    for key in [&key("c", 2), &key("b", 3), &key("a", 3), &key("d", 1), &other, &withdrawn] {
        ports.keys().insert(key).await.unwrap();
    }
    assert_eq!(
        ports.keys().of(Algorithm::EdDsa).await.unwrap(),
        [key("d", 1), key("c", 2), key("a", 3), key("b", 3)]
    );
    assert_eq!(ports.keys().of(Algorithm::Es256).await.unwrap(), [other]);
    assert!(ports.keys().of(Algorithm::Rs256).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_key_id_is_taken_once() {
    let database = open().await;
    let mut ports = database.autocommit();
    ports.keys().insert(&key("a", 1)).await.unwrap();
    assert!(matches!(ports.keys().insert(&key("a", 2)).await, Err(StoreError::Taken)));
    assert_eq!(ports.keys().of(Algorithm::EdDsa).await.unwrap(), [key("a", 1)]);
}

#[tokio::test]
async fn a_key_at_a_time_beyond_all_calendars_is_an_internal_failure() {
    let database = open().await;
    let mut ports = database.autocommit();
    ports.keys().insert(&key("a", 1)).await.unwrap();
    tamper(&database, "UPDATE signing_keys SET signs_from = 9223372036854775807").await;
    assert!(is_internal(&ports.keys().of(Algorithm::EdDsa).await));
}

#[tokio::test]
async fn a_key_is_withdrawn_once_and_stays_on_record() {
    let database = open().await;
    let mut ports = database.autocommit();
    ports.keys().insert(&key("a", 1)).await.unwrap();
    assert!(ports.keys().retire("a", at(5)).await.unwrap());
    assert!(!ports.keys().retire("a", at(6)).await.unwrap());
    assert!(!ports.keys().retire("b", at(6)).await.unwrap());
    assert!(ports.keys().of(Algorithm::EdDsa).await.unwrap().is_empty());
    assert_eq!(ports.keys().all().await.unwrap(), [StoredKey { retired_at: Some(at(5)), ..key("a", 1) }]);
}
