//! Addresses that have to be proven: one an account, tries counted, spent once.

use keyward_auth::SecretHash;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::verifications::{Pending, Purpose};
use keyward_domain::ports::store::Store;
use keyward_domain::values::ids::UserId;
use keyward_infra::database::store::Database;

use crate::support::{Commits, add_user, at, email, open};

fn pending(user: UserId, local: &str, token: &str) -> Pending {
    Pending { user, purpose: Purpose::Verify, email: email(local), token: SecretHash::of(token) }
}

/// Keeps it at that second, a minute after the last one at the earliest, for an hour.
async fn keep(database: &Database, new: &Pending, second: i64) -> bool {
    let (now, since, end) = (at(second), at(second - 60), at(second + 3600));
    database.autocommit().verifications().replace(new, now, since, end).await.unwrap()
}

#[tokio::test]
async fn an_account_has_one_and_a_newer_one_comes_a_minute_later_at_the_earliest() {
    let database = open().await;
    let (ana, bob) = (add_user(&database, "ana").await.id, add_user(&database, "bob").await.id);
    assert!(keep(&database, &pending(ana, "ana", "one"), 0).await);
    assert!(!keep(&database, &pending(ana, "ana", "two"), 59).await);
    assert!(keep(&database, &pending(bob, "ana", "bob's"), 59).await);
    assert_eq!(
        database.autocommit().verifications().kept_at(ana, Purpose::Verify).await.unwrap(),
        Some(at(0))
    );
    assert!(keep(&database, &pending(ana, "anna", "three"), 60).await);
    let mut repositories = database.autocommit();
    let repository = repositories.verifications();
    assert_eq!(repository.spend(&SecretHash::of("one"), at(61)).await.unwrap(), None);
    let found = repository.spend(&SecretHash::of("three"), at(61)).await.unwrap();
    assert_eq!(found, Some(pending(ana, "anna", "three")));
    assert_eq!(repository.spend(&SecretHash::of("three"), at(61)).await.unwrap(), None);
    assert_eq!(repository.spend(&SecretHash::of("bob's"), at(59 + 3600)).await.unwrap(), None);
    assert_eq!(repository.forget(at(59 + 3600)).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_any_number_of_tries_at_once_as_many_are_counted_as_are_allowed() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    assert!(keep(&database, &pending(ana, "ana", "one"), 0).await);
    let tries: Vec<_> = (0..20)
        .map(|_| {
            let database = database.database.clone();
            tokio::spawn(async move {
                database.autocommit().verifications().count_try(&email("ana"), at(1), 5).await.unwrap().len()
            })
        })
        .collect();
    let mut counted = 0;
    for one in tries {
        counted += one.await.unwrap();
    }
    assert_eq!(counted, 5);
    assert!(keep(&database, &pending(ana, "ana", "two"), 60).await);
    let mut repositories = database.autocommit();
    let again = repositories.verifications().count_try(&email("ana"), at(61), 5).await.unwrap();
    assert_eq!(again, [pending(ana, "ana", "two")]);
    assert!(repositories.verifications().count_try(&email("bob"), at(61), 5).await.unwrap().is_empty());
    assert!(repositories.verifications().count_try(&email("ana"), at(3660), 5).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_address_is_verified_for_the_account_that_has_it_and_changed_to_a_free_one_only() {
    let database = open().await;
    let (ana, bob) = (add_user(&database, "ana").await.id, add_user(&database, "bob").await.id);
    let mut repositories = database.autocommit();
    let users = repositories.users();
    assert!(!database.committing().verify(ana, &email("bob")).await.unwrap());
    assert!(database.committing().verify(ana, &email("ana")).await.unwrap());
    assert!(users.find(ana).await.unwrap().unwrap().email_verified);
    assert!(matches!(database.committing().change_email(bob, &email("ana")).await, Err(StoreError::Taken)));
    assert!(database.committing().change_email(bob, &email("bert")).await.unwrap());
    let bert = users.find(bob).await.unwrap().unwrap();
    assert!(bert.email_verified && bert.names.email() == Some(&email("bert")));
}

#[tokio::test]
async fn what_has_to_be_proven_goes_with_its_account() {
    let database = open().await;
    let (ana, bob) = (add_user(&database, "ana").await.id, add_user(&database, "bob").await.id);
    for (user, token) in [(ana, "one"), (bob, "two")] {
        assert!(keep(&database, &pending(user, "x", token), 0).await);
    }
    let mut repositories = database.autocommit();
    database.committing().delete(ana).await.unwrap();
    repositories.verifications().forget_of(bob).await.unwrap();
    for token in ["one", "two"] {
        assert_eq!(repositories.verifications().spend(&SecretHash::of(token), at(1)).await.unwrap(), None);
    }
}
