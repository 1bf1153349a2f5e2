//! Transactions: all or nothing, invisible before COMMIT, and locks that hold.

use std::time::Duration;

use keyward_auth::SecretHash;
use keyward_domain::model::events::{Event, EventKind};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::UserChange;
use keyward_domain::model::verifications::{Pending, Purpose};
use keyward_domain::ports::store::{Repositories, Store};
use keyward_domain::values::by::By;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::origin::Origin;
use keyward_infra::database::store::Database;

use crate::support::{Commits, add_session, add_user, at, email, hash, named, new_session, new_user, open};

async fn knows(database: &Database, local: &str) -> bool {
    database.autocommit().users().credentials_of(&named(local)).await.unwrap().is_some()
}

/// Stores a pending verification of the address `local`.
async fn add_verification<R: Repositories + ?Sized>(repositories: &mut R, user: UserId, local: &str) {
    let new = Pending { user, email: email(local), token: SecretHash::of(local), purpose: Purpose::Verify };
    assert!(repositories.verifications().replace(&new, at(0), at(-60), at(3600)).await.unwrap());
}

#[tokio::test]
async fn a_committed_transaction_is_there_as_a_whole() {
    let database = open().await;
    let mut tx = database.begin().await.unwrap();
    let ana = tx.users().insert(&new_user("ana")).await.unwrap().id;
    tx.sessions().insert(&new_session(ana, 1)).await.unwrap();
    add_verification(&mut *tx, ana, "ana").await;
    assert_eq!(
        tx.verifications().kept_at(ana, Purpose::Verify).await.unwrap(),
        Some(at(0)),
        "it sees what it wrote"
    );
    assert!(!knows(&database, "ana").await, "nobody else does before the commit");
    tx.commit().await.unwrap();
    assert!(knows(&database, "ana").await);
    assert_eq!(
        database.autocommit().verifications().kept_at(ana, Purpose::Verify).await.unwrap(),
        Some(at(0))
    );
    assert!(database.autocommit().sessions().live(new_session(ana, 1).id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing_and_the_next_one_begins() {
    let database = open().await;
    for round in 0..20 {
        let mut tx = database.begin().await.unwrap();
        tx.users().insert(&new_user("ana")).await.unwrap();
        drop(tx);
        assert!(!knows(&database, "ana").await, "round {round}");
    }
    add_user(&database, "ana").await;
}

#[tokio::test]
async fn a_transaction_cut_off_in_the_middle_of_a_call_leaves_nothing() {
    let database = open().await;
    for micros in (0..2000).step_by(40) {
        let database = database.database.clone();
        let task = tokio::spawn(async move {
            let mut tx = database.begin().await.unwrap();
            let ana = tx.users().insert(&new_user("ana")).await.unwrap().id;
            add_verification(&mut *tx, ana, "ana").await;
            std::future::pending::<()>().await;
        });
        tokio::time::sleep(Duration::from_micros(micros)).await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }
    assert!(!knows(&database, "ana").await);
    let mut tx = database.begin().await.unwrap();
    tx.users().insert(&new_user("ana")).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_failed_write_does_not_keep_the_next_transaction_from_working() {
    let database = open().await;
    add_user(&database, "ana").await;
    let mut tx = database.begin().await.unwrap();
    tx.users().insert(&new_user("bob")).await.unwrap();
    assert!(matches!(tx.users().insert(&new_user("ana")).await, Err(StoreError::Taken)));
    drop(tx);
    assert!(!knows(&database, "bob").await);
    let mut tx = database.begin().await.unwrap();
    tx.users().insert(&new_user("bob")).await.unwrap();
    tx.commit().await.unwrap();
    assert!(knows(&database, "bob").await);
}

/// Starts a transaction that adds ana while another one has added her and not yet ended.
async fn contender(database: &Database) -> tokio::task::JoinHandle<Result<(), StoreError>> {
    let database = database.clone();
    let task = tokio::spawn(async move {
        let mut tx = database.begin().await?;
        tx.users().insert(&new_user("ana")).await?;
        tx.commit().await
    });
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(!task.is_finished(), "it waits for the first one's end");
    task
}

#[tokio::test]
async fn of_two_transactions_for_one_address_the_first_to_commit_has_it() {
    let database = open().await;
    let mut first = database.begin().await.unwrap();
    first.users().insert(&new_user("ana")).await.unwrap();
    let second = contender(&database).await;
    first.commit().await.unwrap();
    assert!(matches!(second.await.unwrap(), Err(StoreError::Taken)));
}

#[tokio::test]
async fn of_two_transactions_for_one_address_the_second_has_it_when_the_first_gives_up() {
    let database = open().await;
    let mut first = database.begin().await.unwrap();
    first.users().insert(&new_user("ana")).await.unwrap();
    let second = contender(&database).await;
    drop(first);
    second.await.unwrap().unwrap();
    assert!(knows(&database, "ana").await);
}

/// Whether `change` waits until a login that checked the hash has written its session.
async fn waits_for_a_login<F>(change: impl FnOnce(Database, UserId) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let mut login = database.begin().await.unwrap();
    assert!(login.user_changes().still_has(ana, Some(&hash("$old"))).await.unwrap());
    let change = tokio::spawn(change(database.database.clone(), ana));
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(!change.is_finished(), "the change overtook the login");
    login.sessions().insert(&new_session(ana, 1)).await.unwrap();
    login.commit().await.unwrap();
    change.await.unwrap();
    assert!(database.autocommit().sessions().of_user(ana, None, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_password_change_waits_for_a_login_with_the_old_one_and_ends_its_session() {
    waits_for_a_login(|database, ana| async move {
        let mut tx = database.begin().await.unwrap();
        assert!(tx.user_changes().replace_hash(ana, Some(&hash("$old")), &hash("$new")).await.unwrap());
        assert_eq!(tx.session_endings().revoke_all(ana, None, at(9)).await.unwrap(), 1);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn locking_somebody_out_waits_for_their_login_and_ends_its_session() {
    waits_for_a_login(|database, ana| async move {
        let mut tx = database.begin().await.unwrap();
        let locked = UserChange { disabled: Some(true), ..UserChange::default() };
        assert!(tx.user_changes().update(ana, &locked).await.unwrap().unwrap().disabled);
        assert_eq!(tx.session_endings().revoke_all(ana, None, at(9)).await.unwrap(), 1);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn removing_an_account_waits_for_its_login_and_takes_the_session_along() {
    waits_for_a_login(|database, ana| async move {
        assert!(database.committing().delete(ana).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_concurrent_writers_in_two_processes_worth_of_pools_none_finds_the_database_locked() {
    let database = open().await;
    let another = database.home.connect().await;
    let ana = add_user(&database, "ana").await.id;
    let session = add_session(&database, ana, 1).await.id;
    let tasks: Vec<_> = (0..64)
        .map(|writer| {
            let database = if writer % 2 == 0 { database.database.clone() } else { another.clone() };
            tokio::spawn(async move {
                for round in 0..4 {
                    let mut tx = database.begin().await?;
                    // Reads first: what was read must still hold when it writes.
                    tx.users().find(ana).await?;
                    let local = format!("w{writer}r{round}");
                    let user = tx.users().insert(&new_user(&local)).await?;
                    add_verification(&mut *tx, user.id, &local).await;
                    tx.commit().await?;
                    let mut ports = database.autocommit();
                    ports.sessions().advance(session, round, None, at(1)).await?;
                    ports.users().credentials_of(&named("ana")).await?;
                    let event = Event::new(at(0), EventKind::LoginOk, By::SYSTEM, &Origin::default());
                    ports.events().append(&event).await?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(database.autocommit().sessions().live(session).await.unwrap().unwrap().session.counter, 4);
}
