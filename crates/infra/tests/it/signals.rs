//! What processes on one PostgreSQL hear of each other. On SQLite there is nothing to hear.

use std::sync::Arc;
use std::time::Duration;

use keyward_domain::ports::announce::{Change, Subscriber};
use keyward_domain::ports::store::Store;
use keyward_domain::values::ids::UserId;
use keyward_infra::database::store::Database;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::outbox::mail;
use crate::support::{Commits, add_session, add_user, at, hash, new_session, open};

/// Longer than hearing takes on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// What arrives at a process.
#[derive(Debug, PartialEq)]
enum Heard {
    Change(Change),
    Disconnected,
}

struct Passing(UnboundedSender<Heard>);

impl Subscriber for Passing {
    fn changed(&self, change: Change) {
        drop(self.0.send(Heard::Change(change)));
    }
}

/// What this process announces from now on.
fn subscribe(database: &Database) -> UnboundedReceiver<Heard> {
    let (say, heard) = unbounded_channel();
    database.subscribe(Arc::new(Passing(say)));
    heard
}

/// What another process hears from now on.
fn listen(database: Database) -> UnboundedReceiver<Heard> {
    let (say, heard) = unbounded_channel();
    database.subscribe(Arc::new(Passing(say.clone())));
    tokio::spawn(async move { database.listen(|_| drop(say.send(Heard::Disconnected))).await });
    heard
}

async fn next(heard: &mut UnboundedReceiver<Heard>) -> Heard {
    tokio::time::timeout(PATIENCE, heard.recv()).await.unwrap().unwrap()
}

fn of(user: UserId) -> Heard {
    Heard::Change(Change::User(user))
}

#[tokio::test]
async fn a_change_is_heard_when_it_is_committed_and_one_that_is_not_never_is() {
    let database = open().await;
    if !database.home.is_postgres() {
        return;
    }
    let (ana, bob) = (add_user(&database, "ana").await.id, add_user(&database, "bob").await.id);
    let other = database.home.connect().await;
    let mut heard = listen(other.clone());
    assert_eq!(
        next(&mut heard).await,
        Heard::Change(Change::Anything),
        "everything that happened before it listened"
    );

    let mut dropped = database.begin().await.unwrap();
    assert!(dropped.user_changes().delete(bob).await.unwrap());
    drop(dropped);

    let session = add_session(&database, ana, 1).await.id;
    let mut tx = database.begin().await.unwrap();
    assert!(tx.session_endings().revoke(ana, session, at(9)).await.unwrap());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(heard.is_empty(), "it is not committed yet");
    tx.commit().await.unwrap();
    assert_eq!(next(&mut heard).await, of(ana));
    assert!(
        other.autocommit().sessions().live(session).await.unwrap().is_none(),
        "what is heard is there to see"
    );

    let mut tx = database.begin().await.unwrap();
    tx.sessions().insert(&new_session(bob, 2)).await.unwrap();
    assert_eq!(tx.session_endings().revoke_all(bob, None, at(9)).await.unwrap(), 1);
    assert_eq!(tx.session_endings().revoke_all(ana, None, at(9)).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(next(&mut heard).await, of(bob));
    assert!(database.committing().delete(ana).await.unwrap());
    assert_eq!(next(&mut heard).await, of(ana));
}

#[tokio::test]
async fn a_listener_that_is_cut_off_says_so_and_then_that_it_may_have_missed_anything() {
    let database = open().await;
    if !database.home.is_postgres() {
        return;
    }
    let ana = add_user(&database, "ana").await.id;
    let mut heard = listen(database.home.connect().await);
    assert_eq!(next(&mut heard).await, Heard::Change(Change::Anything));
    for round in 1..=2 {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND application_name = 'keyward listener'";
        database.home.execute(cut).await;
        assert_eq!(next(&mut heard).await, Heard::Disconnected, "round {round}");
        assert_eq!(next(&mut heard).await, Heard::Change(Change::Anything), "round {round}");
        add_session(&database, ana, round).await;
        assert_eq!(database.committing().revoke_all(ana, None, at(9)).await.unwrap(), 1);
        assert_eq!(next(&mut heard).await, of(ana), "round {round}");
    }
}

#[tokio::test]
async fn a_change_is_announced_in_this_process_once_it_is_committed_and_only_then() {
    let database = open().await;
    let (ana, bob) = (add_user(&database, "ana").await.id, add_user(&database, "bob").await.id);
    add_session(&database, ana, 1).await;
    let mut heard = subscribe(&database);
    for commits in [false, true] {
        let mut tx = database.begin().await.unwrap();
        tx.outbox().enqueue(&mail(1)).await.unwrap();
        assert_eq!(tx.session_endings().revoke_all(ana, None, at(9)).await.unwrap(), 1);
        assert!(tx.user_changes().replace_hash(ana, Some(&hash("$old")), &hash("$new")).await.unwrap());
        assert!(tx.user_changes().delete(bob).await.unwrap());
        assert!(heard.is_empty(), "it is not committed yet");
        if commits {
            tx.commit().await.unwrap();
            let changes = [next(&mut heard).await, next(&mut heard).await, next(&mut heard).await];
            assert_eq!(changes, [Heard::Change(Change::Mail), of(ana), of(bob)]);
        } else {
            drop(tx);
        }
        assert!(heard.is_empty());
    }
}

#[tokio::test]
async fn a_commit_that_is_given_up_is_announced_all_the_same() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let mut heard = subscribe(&database);
    let mut tx = database.begin().await.unwrap();
    tx.session_endings().revoke_all(ana, None, at(9)).await.unwrap();
    // Cut off while it is under way: whether it reached the database, nothing here knows.
    assert!(heard.is_empty());
    let _either_way = tokio::time::timeout(Duration::ZERO, tx.commit()).await;
    assert_eq!(next(&mut heard).await, of(ana));
}

#[tokio::test]
async fn each_process_announces_to_its_own_subscribers() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let other = database.as_another_process();
    let (mut here, there) = (subscribe(&database), subscribe(&other));
    assert!(database.committing().delete(ana).await.unwrap());
    assert_eq!(next(&mut here).await, of(ana));
    assert!(there.is_empty(), "SQLite tells no other process, and this one does not listen");
}
