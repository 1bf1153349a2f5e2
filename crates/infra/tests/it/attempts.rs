//! Wrong guesses.

use keyward_domain::model::attempts::{AttemptKey, Budget};
use keyward_domain::ports::store::Store;
use keyward_infra::database::store::Database;
use time::Duration;

use crate::support::{Commits, add_session, add_user, at, named, open, tamper};

const KEY: AttemptKey = AttemptKey([7; 32]);
const BUDGET: Budget =
    Budget { free: 3, first: Duration::seconds(1), cap: Duration::seconds(5), forgive: None };

async fn fail(database: &Database, second: i64) -> bool {
    fail_of(database, second, BUDGET).await
}

async fn fail_of(database: &Database, second: i64, budget: Budget) -> bool {
    database.autocommit().attempts().fail(KEY, at(second), budget).await.unwrap()
}

async fn wait(database: &Database, second: i64) -> Option<i64> {
    let until = database.autocommit().attempts().blocked_until(KEY, at(second)).await.unwrap();
    until.map(|until| (until - at(second)).whole_seconds())
}

#[tokio::test]
async fn the_first_guesses_are_free_and_every_further_one_doubles_the_wait_up_to_a_cap() {
    let database = open().await;
    assert!(fail(&database, 0).await);
    assert!(fail(&database, 0).await);
    assert_eq!(wait(&database, 0).await, None);
    assert!(fail(&database, 0).await);
    assert_eq!(wait(&database, 0).await, Some(1));
    assert!(!fail(&database, 0).await, "it has to wait");
    assert_eq!(wait(&database, 1).await, None);
    for (second, expected) in [(1, 2), (3, 4), (7, 5), (12, 5)] {
        assert!(fail(&database, second).await);
        assert_eq!(wait(&database, second).await, Some(expected));
    }
}

#[tokio::test]
async fn a_right_guess_and_time_make_wrong_ones_forgotten() {
    let database = open().await;
    for _ in 0..3 {
        assert!(fail(&database, 0).await);
    }
    database.autocommit().attempts().clear(KEY).await.unwrap();
    assert_eq!(wait(&database, 0).await, None);
    assert!(fail(&database, 0).await);
    assert_eq!(database.autocommit().attempts().forget(at(0)).await.unwrap(), 0);
    assert_eq!(database.autocommit().attempts().forget(at(1)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_guess_that_is_taken_back_leaves_the_count_and_the_wait_as_they_were() {
    for forgive in [None, Some(Duration::seconds(1_000))] {
        let (database, budget) = (open().await, Budget { forgive, ..BUDGET });
        let take_back = async || database.autocommit().attempts().take_back(KEY, budget).await.unwrap();
        take_back().await;
        assert!(fail_of(&database, 0, budget).await);
        assert!(fail_of(&database, 0, budget).await);
        for _ in 0..3 {
            assert!(fail_of(&database, 0, budget).await);
            assert_eq!(wait(&database, 0).await, Some(1));
            take_back().await;
            assert_eq!(wait(&database, 0).await, None);
        }
        assert!(fail_of(&database, 0, budget).await);
        // Where waits go on, the next wrong one costs what it would have.
        for _ in 0..3 {
            assert!(fail_of(&database, 1, budget).await);
            assert_eq!(wait(&database, 1).await, Some(2));
            take_back().await;
            assert_eq!(wait(&database, 1).await, None, "{forgive:?}");
        }
        assert!(fail_of(&database, 1, budget).await);
        assert_eq!(wait(&database, 1).await, Some(2));
    }
}

#[tokio::test]
async fn a_wait_that_still_holds_is_not_forgotten() {
    let database = open().await;
    let slow = Budget { first: Duration::days(2), cap: Duration::days(2), ..BUDGET };
    for _ in 0..3 {
        assert!(fail_of(&database, 0, slow).await);
    }
    let day = Duration::days(1).whole_seconds();
    assert_eq!(database.autocommit().attempts().forget(at(day)).await.unwrap(), 0);
    assert_eq!(wait(&database, day).await, Some(day));
    assert_eq!(database.autocommit().attempts().forget(at(2 * day + 1)).await.unwrap(), 1);

    let forgiving = Budget { forgive: Some(Duration::days(1)), ..BUDGET };
    for _ in 0..2 {
        assert!(fail_of(&database, 0, forgiving).await);
    }
    assert_eq!(database.autocommit().attempts().forget(at(day)).await.unwrap(), 0);
    assert_eq!(database.autocommit().attempts().forget(at(2 * day + 1)).await.unwrap(), 1);
}

#[tokio::test]
async fn whoever_looked_at_a_clock_earlier_waits_no_longer_for_it() {
    for forgive in [None, Some(Duration::seconds(10))] {
        let (database, budget) = (open().await, Budget { forgive, ..BUDGET });
        assert!(fail_of(&database, 101, budget).await);
        assert_eq!(wait(&database, 100).await, None);
        assert!(fail_of(&database, 100, budget).await, "it is counted, and does not wait");
        assert_eq!(wait(&database, 99).await, None);
        assert!(fail_of(&database, 99, budget).await);
        assert_eq!(wait(&database, 101).await, Some(1), "the third, from when the last one was");
        assert!(!fail_of(&database, 101, budget).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_100_guesses_at_once_no_more_are_counted_than_the_budget_allows() {
    let database = open().await;
    let guesses: Vec<_> = (0..100)
        .map(|_| {
            let database = database.database.clone();
            tokio::spawn(async move { fail(&database, 0).await })
        })
        .collect();
    let mut counted = 0;
    for guess in guesses {
        counted += u32::from(guess.await.unwrap());
    }
    assert_eq!(counted, BUDGET.free);
}

#[tokio::test]
async fn where_time_forgives_a_steady_trickle_below_its_pace_never_costs() {
    let database = open().await;
    let budget = Budget { forgive: Some(Duration::seconds(10)), ..BUDGET };
    for second in (0..600).step_by(10) {
        assert!(fail_of(&database, second, budget).await);
        assert_eq!(wait(&database, second).await, None, "at {second}");
    }
    // Twice the pace: each leaves half a guess.
    let mut costs = 0;
    for second in (600..700).step_by(5) {
        assert!(fail_of(&database, second, budget).await);
        costs += u32::from(wait(&database, second).await.is_some());
    }
    assert!(costs > 10, "{costs}");
    assert!(fail_of(&database, 1_000, budget).await);
    assert_eq!(wait(&database, 1_000).await, None, "forgiven");
}

#[tokio::test]
async fn an_account_knows_the_addresses_and_the_sessions_it_had() {
    let database = open().await;
    let (ana, bob) = (add_user(&database, "ana").await.id, add_user(&database, "bob").await.id);
    let session = add_session(&database, ana, 1).await;
    tamper(&database, "UPDATE sessions SET ip = '192.0.2.7'").await;
    add_session(&database, bob, 2).await;
    let mut repositories = database.autocommit();
    let home = vec!["192.0.2.7".parse::<std::net::IpAddr>().unwrap()];
    assert_eq!(repositories.attempts().addresses_of(&named("ana")).await.unwrap(), home);
    assert!(repositories.attempts().addresses_of(&named("bob")).await.unwrap().is_empty());
    assert_eq!(repositories.attempts().salt_of(&named("ana"), session.id).await.unwrap(), Some(session.salt));
    database.committing().revoke(ana, session.id, at(3)).await.unwrap();
    assert_eq!(repositories.attempts().salt_of(&named("ana"), session.id).await.unwrap(), Some(session.salt));
    assert_eq!(repositories.attempts().salt_of(&named("bob"), session.id).await.unwrap(), None);
}
