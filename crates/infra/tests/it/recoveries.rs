//! Tokens for new passwords: one an address, spent once.

use keyward_auth::SecretHash;
use keyward_domain::model::attempts::AttemptKey;
use keyward_domain::model::recoveries::NewRecovery;
use keyward_domain::ports::store::Store;
use keyward_domain::values::ids::UserId;

use crate::support::{Commits, add_user, at, open};

fn recovery(owner: u8, user: Option<UserId>, token: &str) -> NewRecovery {
    NewRecovery { owner: AttemptKey([owner; 32]), user, token: SecretHash::of(token), expires_at: at(60) }
}

#[tokio::test]
async fn a_token_is_found_until_it_ends_and_spent_once() {
    let database = open().await;
    let ana = add_user(&database, "ana").await;
    let mut repositories = database.autocommit();
    let repository = repositories.recoveries();
    repository.replace(&recovery(1, Some(ana.id), "one")).await.unwrap();
    let token = SecretHash::of("one");
    assert_eq!(repository.find(&token, at(59)).await.unwrap(), Some((ana.id, AttemptKey([1; 32]))));
    assert_eq!(repository.find(&token, at(60)).await.unwrap(), None);
    assert_eq!(repository.find(&SecretHash::of("two"), at(0)).await.unwrap(), None);
    assert!(!repository.spend(&token, at(60)).await.unwrap());
    assert!(repository.spend(&token, at(59)).await.unwrap());
    assert!(!repository.spend(&token, at(59)).await.unwrap());
}

#[tokio::test]
async fn a_newer_token_takes_the_place_of_the_older_one_of_its_address_only() {
    let database = open().await;
    let (ana, bob) = (add_user(&database, "ana").await, add_user(&database, "bob").await);
    let mut repositories = database.autocommit();
    let repository = repositories.recoveries();
    repository.replace(&recovery(1, Some(ana.id), "old")).await.unwrap();
    repository.replace(&recovery(2, Some(bob.id), "other")).await.unwrap();
    repository.replace(&recovery(3, None, "nobody's")).await.unwrap();
    repository.replace(&recovery(1, Some(ana.id), "new")).await.unwrap();
    assert!(!repository.spend(&SecretHash::of("old"), at(0)).await.unwrap());
    assert_eq!(repository.find(&SecretHash::of("nobody's"), at(0)).await.unwrap(), None);
    assert!(repository.spend(&SecretHash::of("new"), at(0)).await.unwrap());
    assert_eq!(repository.forget(at(59)).await.unwrap(), 0);
    assert_eq!(repository.forget(at(60)).await.unwrap(), 2);
}

#[tokio::test]
async fn a_token_goes_with_its_account() {
    let database = open().await;
    let ana = add_user(&database, "ana").await;
    let mut repositories = database.autocommit();
    repositories.recoveries().replace(&recovery(1, Some(ana.id), "one")).await.unwrap();
    database.committing().delete(ana.id).await.unwrap();
    assert!(!repositories.recoveries().spend(&SecretHash::of("one"), at(0)).await.unwrap());
}
