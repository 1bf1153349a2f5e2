//! Keys to which sessions get bound at a refresh.

use keyward_auth::Thumbprint;
use keyward_domain::ports::store::Store;

use crate::support::{Commits, add_session, add_user, at, open};

fn key(letter: &str) -> Thumbprint {
    Thumbprint::parse(&letter.repeat(43)).unwrap()
}

#[tokio::test]
async fn a_session_is_bound_to_the_first_key_and_spent_with_that_alone() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let id = add_session(&database, ana, 1).await.id;
    let untouched = add_session(&database, ana, 2).await;
    let mut ports = database.autocommit();
    let (own, other) = (key("A"), key("E"));
    assert!(ports.sessions().advance(id, 0, None, at(5)).await.unwrap());
    assert!(ports.sessions().advance(id, 1, Some(&own), at(5)).await.unwrap());
    for wrong in [None, Some(&other)] {
        assert!(!ports.sessions().advance(id, 2, wrong, at(5)).await.unwrap(), "{wrong:?}");
    }
    assert!(ports.sessions().advance(id, 2, Some(&own), at(5)).await.unwrap());
    let live = ports.sessions().live(id).await.unwrap().unwrap();
    assert_eq!((live.session.counter, live.session.key), (3, Some(own)));
    assert_eq!(ports.sessions().live(untouched.id).await.unwrap().unwrap().session, untouched);
}

#[tokio::test]
async fn a_session_is_bound_once_while_it_stands_as_it_was_seen() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let session = add_session(&database, ana, 1).await;
    let mut ports = database.autocommit();
    let (own, other) = (key("A"), key("E"));
    for wrong in [1, u64::MAX] {
        assert!(!ports.sessions().bind(session.id, wrong, &own).await.unwrap(), "{wrong}");
    }
    assert!(ports.sessions().bind(session.id, 0, &own).await.unwrap());
    assert!(ports.sessions().bind(session.id, 0, &own).await.unwrap());
    assert!(!ports.sessions().bind(session.id, 0, &other).await.unwrap());
    let live = ports.sessions().live(session.id).await.unwrap().unwrap();
    assert_eq!(live.session.key, Some(own.clone()));
    database.committing().revoke(ana, session.id, at(7)).await.unwrap();
    assert!(!ports.sessions().bind(session.id, 0, &own).await.unwrap());
}
