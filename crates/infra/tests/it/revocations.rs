//! The feed of ended sessions: no reader misses one, in any order of commits.

use std::collections::BTreeSet;
use std::time::Duration;

use keyward_auth::SystemRandom;
use keyward_domain::model::revocations::{News, Position};
use keyward_domain::model::sessions::Session;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::store::{Store, Transaction};
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::ids::SessionId;
use keyward_domain::values::ids::UserId;
use keyward_infra::database::store::Database;
use keyward_infra::sessions::feed_epoch::{renew, settle};
use sea_orm::{ConnectionTrait, DbBackend};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{Commits, add_session, add_user, at, new_session, open};

/// A reader of the feed, who remembers.
#[derive(Default)]
struct Reader {
    position: Position,
    told: BTreeSet<SessionId>,
}

impl Reader {
    async fn page(&mut self, database: &Database, limit: u64) -> News {
        let news = database.autocommit().revocations().after(&self.position, limit).await.unwrap().unwrap();
        self.told.extend(news.revocations.iter().map(|ended| ended.session));
        self.position = news.position.clone();
        news
    }

    /// Reads all there is; says which sessions it had not been told of.
    async fn read(&mut self, database: &Database) -> Vec<SessionId> {
        let before = self.told.clone();
        while self.page(database, 3).await.more {}
        self.told.difference(&before).copied().collect()
    }
}

fn id(number: u8) -> SessionId {
    SessionId(Uuid::from_bytes([number; 16]))
}

async fn end(database: &Database, user: UserId, number: u8) {
    let mut tx = database.begin().await.unwrap();
    assert!(tx.session_endings().revoke(user, id(number), at(60)).await.unwrap());
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn the_sessions_of_a_client_are_ended_a_few_at_a_time_and_told_once() {
    let database = open().await;
    let (ana, bob) = (add_user(&database, "ana").await.id, add_user(&database, "bob").await.id);
    let web = ClientId::parse("web").unwrap();
    for (number, user, client) in [
        (1, ana, Some(&web)),
        (2, bob, Some(&web)),
        (3, ana, Some(&web)),
        (4, bob, None),
        (5, bob, Some(&web)),
    ] {
        let session = Session { client: client.cloned(), ..new_session(user, number) };
        database.autocommit().sessions().insert(&session).await.unwrap();
    }
    end(&database, bob, 5).await;
    let mut reader = Reader::default();
    reader.read(&database).await;
    for expected in [2, 1, 0] {
        let ended = database.committing().revoke_some_of_client(&web, at(60), 2).await.unwrap();
        assert_eq!(ended, expected);
    }
    assert_eq!(reader.read(&database).await, [id(1), id(2), id(3)]);
    assert!(database.autocommit().sessions().live(id(1)).await.unwrap().is_none());
    assert!(database.autocommit().sessions().live(id(4)).await.unwrap().is_some());
}

#[tokio::test]
async fn every_way_to_end_a_session_is_told_once() {
    let database = open().await;
    let (ana, bob) = (add_user(&database, "ana").await.id, add_user(&database, "bob").await.id);
    for number in 1..=6 {
        add_session(&database, if number < 6 { ana } else { bob }, number).await;
    }
    let mut reader = Reader::default();
    assert_eq!(reader.read(&database).await, []);
    end(&database, ana, 1).await;
    let news = reader.page(&database, 9).await;
    let [told] = &news.revocations[..] else { panic!("{news:?}") };
    assert_eq!((told.session, told.user, told.at), (id(1), ana, at(60)));
    let mut tx = database.begin().await.unwrap();
    assert!(!tx.session_endings().revoke(ana, id(1), at(61)).await.unwrap());
    assert!(!tx.session_endings().revoke(ana, id(6), at(61)).await.unwrap());
    assert_eq!(tx.session_endings().revoke_all(ana, Some(id(5)), at(62)).await.unwrap(), 3);
    tx.commit().await.unwrap();
    assert_eq!(reader.read(&database).await, [id(2), id(3), id(4)]);
    let mut tx = database.begin().await.unwrap();
    assert_eq!(tx.session_endings().revoke_all(ana, None, at(63)).await.unwrap(), 1);
    assert!(tx.user_changes().delete(ana).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(reader.read(&database).await, [id(5)], "it outlives its user");
    assert_eq!(reader.page(&database, 9).await.revocations, []);
    assert_eq!(Reader::default().read(&database).await.len(), 5, "a new reader gets all of them");
}

#[tokio::test]
async fn what_was_rolled_back_is_not_told() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    add_session(&database, ana, 1).await;
    let mut tx = database.begin().await.unwrap();
    assert!(tx.session_endings().revoke(ana, id(1), at(60)).await.unwrap());
    drop(tx);
    let mut reader = Reader::default();
    assert_eq!(reader.read(&database).await, []);
    end(&database, ana, 1).await;
    assert_eq!(reader.read(&database).await, [id(1)]);
}

#[tokio::test]
async fn a_transaction_that_commits_late_is_told_though_others_overtook_it() {
    let database = open().await;
    if database.connection().get_database_backend() == DbBackend::Sqlite {
        // With one writer no transaction overtakes another.
        return;
    }
    let ana = add_user(&database, "ana").await.id;
    for number in 1..=20 {
        add_session(&database, ana, number).await;
    }
    let slow = async |number| -> Box<dyn Transaction> {
        let mut tx = database.begin().await.unwrap();
        assert!(tx.session_endings().revoke(ana, id(number), at(60)).await.unwrap());
        tx
    };
    let mut reader = Reader::default();
    let first = slow(1).await;
    end(&database, ana, 2).await;
    let second = slow(3).await;
    assert_eq!(reader.read(&database).await, [id(2)]);
    for number in 4..=9 {
        end(&database, ana, number).await;
    }
    // In the middle of several pages.
    assert!(reader.page(&database, 2).await.more);
    first.commit().await.unwrap();
    assert_eq!(reader.read(&database).await, [6, 7, 8, 9].map(id));
    assert_eq!(reader.read(&database).await, [id(1)], "it has an earlier number than the page began with");
    second.commit().await.unwrap();
    assert_eq!(reader.read(&database).await, [id(3)]);
    assert_eq!(reader.page(&database, 9).await.revocations, [], "no revocation is reported for ever");
}

#[tokio::test]
async fn a_session_that_opens_while_its_user_is_removed_is_told_or_never_was() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let mut tx = database.begin().await.unwrap();
    tx.user_changes().hold(ana).await.unwrap();
    let other = database.database.clone();
    let login = tokio::spawn(async move {
        let mut tx = other.begin().await.unwrap();
        tx.sessions().insert(&new_session(ana, 1)).await?;
        tx.commit().await
    });
    assert!(
        tokio::time::timeout(Duration::from_millis(200), async {
            while !login.is_finished() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .is_err(),
        "it waits"
    );
    tx.session_endings().revoke_all(ana, None, at(60)).await.unwrap();
    tx.user_changes().delete(ana).await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(login.await.unwrap(), Err(StoreError::Dangling)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_misses_anything_while_sessions_end_all_the_time() {
    let database = open().await;
    let mut users = Vec::new();
    for name in ["ana", "bob", "cid", "dee"] {
        let user = add_user(&database, name).await.id;
        users.push(user);
        for number in 0..20 {
            let mut session = new_session(user, 1);
            session.id = SessionId(Uuid::from_u64_pair(user.0.unsigned_abs(), number));
            database.autocommit().sessions().insert(&session).await.unwrap();
        }
    }
    let mut enders = JoinSet::new();
    for user in users {
        let database = database.database.clone();
        enders.spawn(async move {
            for session in database.autocommit().sessions().of_user(user, None, 99).await.unwrap() {
                let mut tx = database.begin().await.unwrap();
                assert!(tx.session_endings().revoke(user, session.id, at(60)).await.unwrap());
                tokio::task::yield_now().await;
                tx.commit().await.unwrap();
            }
        });
    }
    let mut reader = Reader::default();
    while !enders.is_empty() {
        reader.page(&database, 3).await;
        while let Some(ended) = enders.try_join_next() {
            ended.unwrap();
        }
    }
    reader.read(&database).await;
    // A page that was under way when the last one committed.
    reader.read(&database).await;
    assert_eq!(reader.told.len(), 80);
}

#[tokio::test]
async fn what_is_old_is_forgotten_and_positions_stay_good() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    for number in 1..=2 {
        add_session(&database, ana, number).await;
    }
    let mut reader = Reader::default();
    end(&database, ana, 1).await;
    reader.read(&database).await;
    assert_eq!(database.autocommit().revocations().forget(at(60)).await.unwrap(), 0);
    assert_eq!(database.autocommit().revocations().forget(at(61)).await.unwrap(), 1);
    end(&database, ana, 2).await;
    assert_eq!(reader.read(&database).await, [id(2)]);
}

#[tokio::test]
async fn a_position_from_the_future_counts_as_the_beginning_and_nonsense_as_none() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    add_session(&database, ana, 1).await;
    end(&database, ana, 1).await;
    let future = match database.connection().get_database_backend() {
        DbBackend::Sqlite => "9999",
        _ => "999999999:999999999:",
    };
    let mut reader = Reader { position: Position(future.to_owned()), told: BTreeSet::new() };
    assert_eq!(reader.read(&database).await, [id(1)]);
    for nonsense in ["x", "1:2", "'; DROP TABLE revocations", "0:0:", "2:1:", "1:2:7"] {
        let news =
            database.autocommit().revocations().after(&Position(nonsense.to_owned()), 9).await.unwrap();
        assert_eq!(news, None, "{nonsense}");
    }
}

#[tokio::test]
async fn a_database_that_was_put_back_tells_every_end_that_comes_after() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    for number in 1..=6 {
        add_session(&database, ana, number).await;
    }
    settle(database.connection(), at(0), &SystemRandom).await.unwrap();
    let mut reader = Reader::default();
    for number in 1..=4 {
        end(&database, ana, number).await;
    }
    assert_eq!(reader.read(&database).await.len(), 4);
    // As a backup has it that was made after the second.
    let lost = match database.connection().get_database_backend() {
        DbBackend::Sqlite => {
            "DELETE FROM revocations WHERE id > (SELECT min(id) + 1 FROM revocations); \
             UPDATE sqlite_sequence SET seq = (SELECT max(id) FROM revocations) WHERE name = 'revocations'"
        }
        // Restored on a server that has run fewer transactions.
        _ => {
            "DELETE FROM revocations WHERE id > (SELECT min(id) + 1 FROM revocations); \
             UPDATE revocations SET tx = (pg_current_xact_id()::text::numeric + 1000000)::text::xid8; \
             UPDATE feed_epoch SET tx = (pg_current_xact_id()::text::numeric + 1000000)::text::xid8"
        }
    };
    database.connection().execute_unprepared(lost).await.unwrap();
    settle(database.connection(), at(3600), &SystemRandom).await.unwrap();
    end(&database, ana, 5).await;
    end(&database, ana, 6).await;
    assert_eq!(reader.read(&database).await, [id(5), id(6)]);
    assert_eq!(reader.page(&database, 9).await.revocations, [], "no revocation is reported for ever");
    settle(database.connection(), at(7200), &SystemRandom).await.unwrap();
    assert_eq!(reader.page(&database, 9).await.revocations, [], "a start alone begins nothing anew");
}

#[tokio::test]
async fn a_position_of_another_epoch_is_the_beginning() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    settle(database.connection(), at(0), &SystemRandom).await.unwrap();
    add_session(&database, ana, 1).await;
    end(&database, ana, 1).await;
    let mut reader = Reader::default();
    reader.read(&database).await;
    assert_eq!(reader.page(&database, 9).await.revocations, []);
    renew(database.connection(), &SystemRandom).await.unwrap();
    assert_eq!(reader.page(&database, 9).await.revocations.len(), 1);
    assert_eq!(reader.page(&database, 9).await.revocations, []);
}
