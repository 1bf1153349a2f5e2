//! Security events.

use std::sync::Arc;

use keyward_domain::model::events::{Event, EventKind};
use keyward_domain::ports::store::{Store, Transaction};
use keyward_domain::upkeep::event_tail::EventTail;
use keyward_domain::values::by::{By, Means, Who};
use keyward_domain::values::ids::SessionId;
use keyward_domain::values::ids::{ClientId, UserId};
use keyward_domain::values::origin::Device;
use keyward_domain::values::origin::Origin;
use keyward_infra::database::store::Database;
use uuid::Uuid;

use crate::support::{at, open};

/// One of every author there is.
fn authors() -> Vec<By> {
    let client = ClientId::parse("web").unwrap();
    vec![
        By::UNKNOWN,
        By::SYSTEM,
        By::command("user disable"),
        By::client(&client),
        By::user(UserId(7), Means::Mail),
        By::user(UserId(7), Means::Session(SessionId(Uuid::from_u128(7)))),
        By { who: Who::Unknown, via: Some(Means::Session(SessionId(Uuid::from_u128(8)))) },
    ]
}

#[tokio::test]
async fn every_field_of_every_kind_of_event_comes_back_in_order() {
    let database = open().await;
    let device = Device { user_agent: Some("curl/8".to_owned()), ip: Some("2001:db8::7".parse().unwrap()) };
    let origin = Origin { device, request_id: Some("request".to_owned()) };
    let (authors, mut written) = (authors(), Vec::new());
    for (number, kind) in EventKind::ALL.into_iter().enumerate() {
        let session = SessionId(Uuid::from_u128(number as u128));
        let event = Event::new(at(7), kind, authors[number % authors.len()].clone(), &origin)
            .of(UserId(404))
            .in_session(session)
            .saying("détail");
        database.autocommit().events().append(&event).await.unwrap();
        written.push(event);
    }
    let bare = Event::new(at(8), EventKind::LoginFailed, By::UNKNOWN, &Origin::default());
    database.autocommit().events().append(&bare).await.unwrap();
    written.push(bare);
    let read = database.autocommit().events().newest(None, u64::MAX).await.unwrap();
    assert_eq!(read.iter().map(|(_, event)| event.clone()).collect::<Vec<_>>(), written);
}

#[tokio::test]
async fn the_newest_are_shown_and_only_those_after_a_number() {
    let database = open().await;
    for second in 0..5 {
        let event = Event::new(at(second), EventKind::LoginOk, By::SYSTEM, &Origin::default());
        database.autocommit().events().append(&event).await.unwrap();
    }
    let newest = database.autocommit().events().newest(None, 2).await.unwrap();
    assert_eq!(newest.iter().map(|(_, event)| event.at).collect::<Vec<_>>(), [at(3), at(4)]);
    let after = database.autocommit().events().newest(Some(newest[0].0), 10).await.unwrap();
    assert_eq!(after, newest[1..]);
}

#[tokio::test]
async fn old_events_are_forgotten_from_the_oldest_on_and_so_many_at_a_time() {
    let database = open().await;
    for second in 0..5 {
        let event = Event::new(at(second), EventKind::LoginOk, By::SYSTEM, &Origin::default());
        database.autocommit().events().append(&event).await.unwrap();
    }
    for (before, limit, forgotten) in [(3, 2, 2), (3, 2, 1), (3, 2, 0), (0, 9, 0)] {
        let done = database.autocommit().events().forget(at(before), limit).await.unwrap();
        assert_eq!(done, forgotten, "before {before}, at most {limit}");
    }
    let left = database.autocommit().events().newest(None, 9).await.unwrap();
    assert_eq!(left.iter().map(|(_, event)| event.at).collect::<Vec<_>>(), [at(3), at(4)]);
}

/// Records an event in a transaction that stays open.
async fn open_write(database: &Database, second: i64) -> Box<dyn Transaction> {
    let mut tx = database.begin().await.unwrap();
    let event = Event::new(at(second), EventKind::LoginOk, By::SYSTEM, &Origin::default());
    tx.events().append(&event).await.unwrap();
    tx
}

#[tokio::test]
async fn a_follower_gets_every_event_once_also_those_that_commit_late() {
    let database = open().await;
    let times = |events: Vec<(i64, Event)>| events.iter().map(|(_, event)| event.at).collect::<Vec<_>>();
    for second in 1..=3 {
        open_write(&database, second).await.commit().await.unwrap();
    }
    let (mut tail, newest) = EventTail::begin(Arc::new(database.database.clone()), 1).await.unwrap();
    assert_eq!(times(newest), [at(3)]);
    let mut seen = Vec::new();
    // SQLite has one writer: there nothing commits late.
    let late = if database.home.is_postgres() { Some(open_write(&database, 4).await) } else { None };
    for second in 5..25 {
        open_write(&database, second).await.commit().await.unwrap();
        seen.extend(times(tail.next().await.unwrap()));
    }
    assert_eq!(seen, (5..25).map(at).collect::<Vec<_>>());
    if let Some(late) = late {
        late.commit().await.unwrap();
        assert_eq!(times(tail.next().await.unwrap()), [at(4)]);
    }
    for _ in 0..10 {
        assert!(tail.next().await.unwrap().is_empty());
    }
    let (mut other, _) = EventTail::begin(Arc::new(database.database.clone()), 0).await.unwrap();
    open_write(&database, 30).await.commit().await.unwrap();
    assert_eq!(times(tail.next().await.unwrap()), [at(30)]);
    assert_eq!(times(other.next().await.unwrap()), [at(30)]);
}
