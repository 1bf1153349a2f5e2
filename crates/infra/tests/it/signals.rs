//! What processes on one PostgreSQL hear of each other. On SQLite there is nothing to hear.

use std::time::Duration;

use keyward_domain::store::Store;
use keyward_infra::{Database, Signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::outbox::mail;
use crate::support::{add_session, add_user, at, new_session, open};

/// Longer than hearing takes on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// What another process hears from now on.
fn listen(database: Database) -> UnboundedReceiver<Signal> {
    let (say, heard) = unbounded_channel();
    tokio::spawn(async move { database.listen(|signal| drop(say.send(signal))).await });
    heard
}

async fn next(heard: &mut UnboundedReceiver<Signal>) -> Signal {
    tokio::time::timeout(PATIENCE, heard.recv()).await.unwrap().unwrap()
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
    assert_eq!(next(&mut heard).await, Signal::Anything, "whatever happened before it listened");

    let mut dropped = database.begin().await.unwrap();
    assert!(dropped.users().delete(bob).await.unwrap());
    drop(dropped);

    let session = add_session(&database, ana, 1).await.id;
    let mut tx = database.begin().await.unwrap();
    assert!(tx.sessions().revoke(ana, session, at(9)).await.unwrap());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(heard.is_empty(), "it is not committed yet");
    tx.commit().await.unwrap();
    assert_eq!(next(&mut heard).await, Signal::User(ana));
    assert!(
        other.autocommit().sessions().live(session).await.unwrap().is_none(),
        "what is heard is there to see"
    );

    let mut tx = database.begin().await.unwrap();
    tx.sessions().insert(&new_session(bob, 2)).await.unwrap();
    assert_eq!(tx.sessions().revoke_all(bob, None, at(9)).await.unwrap(), 1);
    assert_eq!(tx.sessions().revoke_all(ana, None, at(9)).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(next(&mut heard).await, Signal::User(bob));
    assert!(database.autocommit().users().delete(ana).await.unwrap());
    assert_eq!(next(&mut heard).await, Signal::User(ana));
}

#[tokio::test]
async fn a_listener_that_is_cut_off_says_so_and_then_that_it_may_have_missed_anything() {
    let database = open().await;
    if !database.home.is_postgres() {
        return;
    }
    let ana = add_user(&database, "ana").await.id;
    let mut heard = listen(database.home.connect().await);
    assert_eq!(next(&mut heard).await, Signal::Anything);
    for round in 1..=2 {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND application_name = 'keyward listener'";
        database.home.execute(cut).await;
        assert!(matches!(next(&mut heard).await, Signal::Deaf(_)), "round {round}");
        assert_eq!(next(&mut heard).await, Signal::Anything, "round {round}");
        add_session(&database, ana, round).await;
        assert_eq!(database.autocommit().sessions().revoke_all(ana, None, at(9)).await.unwrap(), 1);
        assert_eq!(next(&mut heard).await, Signal::User(ana), "round {round}");
    }
}

#[tokio::test]
async fn mail_is_announced_in_this_process_once_it_is_committed() {
    let database = open().await;
    let message = mail(1);
    let announcement = database.mail();
    for commits in [false, true] {
        let mut tx = database.begin().await.unwrap();
        tx.outbox().enqueue(&message).await.unwrap();
        if commits {
            tx.commit().await.unwrap();
        } else {
            drop(tx);
        }
        let announced = tokio::time::timeout(Duration::from_millis(50), announcement.notified()).await;
        assert_eq!(announced.is_ok(), commits);
    }
}
