//! Refreshes: of any number of callers with one token, one wins.

use std::time::Duration;

use keyward_domain::model::sessions::Session;
use keyward_domain::ports::store::Store;

use crate::support::{Commits, add_session, add_user, at, open};

#[tokio::test]
async fn the_good_refresh_token_is_spent_once_and_moves_the_session_on() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let session = add_session(&database, ana, 1).await;
    let mut ports = database.autocommit();
    for wrong in [1, u64::MAX, i64::MAX.unsigned_abs()] {
        assert!(!ports.sessions().advance(session.id, wrong, None, at(5)).await.unwrap(), "{wrong}");
    }
    assert!(ports.sessions().advance(session.id, 0, None, at(5)).await.unwrap());
    assert!(!ports.sessions().advance(session.id, 0, None, at(6)).await.unwrap());
    let live = ports.sessions().live(session.id).await.unwrap().unwrap();
    assert_eq!(live.session, Session { counter: 1, last_seen_at: at(5), ..session.clone() });
    database.committing().revoke(ana, session.id, at(7)).await.unwrap();
    assert!(!ports.sessions().advance(session.id, 1, None, at(8)).await.unwrap());
}

#[tokio::test]
async fn of_50_parallel_refreshes_exactly_one_wins() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let id = add_session(&database, ana, 1).await.id;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let database = database.database.clone();
            tokio::spawn(async move {
                database.autocommit().sessions().advance(id, 0, None, at(5)).await.unwrap()
            })
        })
        .collect();
    let mut winners = 0;
    for task in tasks {
        winners += usize::from(task.await.unwrap());
    }
    assert_eq!(winners, 1);
    assert_eq!(database.autocommit().sessions().live(id).await.unwrap().unwrap().session.counter, 1);
}

#[tokio::test]
async fn after_a_revocation_has_returned_no_refresh_wins() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let id = add_session(&database, ana, 1).await.id;
    let spender = {
        let database = database.database.clone();
        tokio::spawn(async move {
            let mut counter = 0;
            while database.autocommit().sessions().advance(id, counter, None, at(5)).await.unwrap() {
                counter += 1;
            }
            counter
        })
    };
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(database.committing().revoke_all(ana, None, at(6)).await.unwrap(), 1);
    let spent = spender.await.unwrap();
    for counter in [spent, spent.saturating_sub(1)] {
        assert!(!database.autocommit().sessions().advance(id, counter, None, at(7)).await.unwrap());
    }
}
