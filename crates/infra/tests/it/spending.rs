//! Refresh tokens, spent in batches: each for itself, once, and under the same conditions as alone.

use std::sync::Arc;
use std::time::Duration;

use keyward_domain::model::sessions::{LiveSession, Session, Spend, Spent};
use keyward_domain::model::users::UserChange;
use keyward_domain::ports::store::Store;
use keyward_domain::values::ids::{ClientId, SessionId, UserId};
use keyward_domain::values::scopes::Role;
use keyward_infra::database::columns::micros;
use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::database::store::Database;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use uuid::Uuid;

use crate::support::{Commits, Opened, add_session, add_user, at, is_internal, new_session, open, tamper};

/// The good token of a session, at a moment at which it is neither idle nor old.
fn good(session: &Session) -> Spend {
    Spend {
        session: session.id,
        counter: session.counter,
        salt: session.salt,
        now: at(1_000),
        seen_after: at(-1_000),
        created_after: at(-1_000),
    }
}

async fn session_of(database: &Database, id: SessionId) -> Session {
    database.autocommit().sessions().live(id).await.unwrap().unwrap().session
}

/// Sessions of one account, with ids that nothing else has.
async fn many(database: &Database, user: UserId, count: u128) -> Vec<Session> {
    let mut sessions = Vec::new();
    for number in 0..count {
        // Spread over the whole range, as random ids are.
        let id = SessionId(Uuid::from_u128(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)));
        let session = Session { id, ..new_session(user, 1) };
        database.autocommit().sessions().insert(&session).await.unwrap();
        sessions.push(session);
    }
    sessions
}

/// Spends tokens at the same time, each by a caller of its own.
async fn at_once(database: &Database, tokens: impl IntoIterator<Item = Spend>) -> Vec<Spent> {
    let calls: Vec<_> = tokens
        .into_iter()
        .map(|token| {
            let database = database.clone();
            tokio::spawn(async move { database.spend(token).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for call in calls {
        outcomes.push(call.await.unwrap());
    }
    outcomes
}

#[tokio::test]
async fn the_good_token_moves_its_session_on_and_returns_it_as_it_is_then() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let session = add_session(&database, ana, 1).await;
    let LiveSession { session: after, role } = database.spend(good(&session)).await.unwrap().unwrap();
    let seen = after.last_seen_at;
    assert_eq!(after, Session { counter: 1, last_seen_at: seen, ..session.clone() });
    assert!((at(1_000)..at(1_060)).contains(&seen), "when it was spent, after a wait: {seen}");
    assert_eq!((session_of(&database, session.id).await, role), (after, Role::User));
    assert!(database.spend(good(&session)).await.unwrap().is_none(), "once");
    let promoted = UserChange { role: Some(Role::Admin), ..UserChange::default() };
    database.committing().update(ana, &promoted).await.unwrap();
    let next = Spend { counter: 1, ..good(&session) };
    assert_eq!(database.spend(next).await.unwrap().unwrap().role, Role::Admin);
}

#[tokio::test]
async fn a_token_whose_session_is_not_as_it_has_to_be_changes_nothing() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let session = add_session(&database, ana, 1).await;
    let good = good(&session);
    let (seen, created) = (session.last_seen_at, session.created_at);
    for (what, token) in [
        ("an older one", Spend { counter: u64::MAX, ..good.clone() }),
        ("a newer one", Spend { counter: 1, ..good.clone() }),
        ("beyond all", Spend { counter: i64::MAX.unsigned_abs(), ..good.clone() }),
        ("another salt", Spend { salt: [2; 16], ..good.clone() }),
        ("another session", Spend { session: SessionId(Uuid::nil()), ..good.clone() }),
        ("idle", Spend { seen_after: seen, ..good.clone() }),
        ("old", Spend { created_after: created, ..good.clone() }),
    ] {
        assert!(database.spend(token.clone()).await.unwrap().is_none(), "{what}");
        let both = [token, Spend { session: SessionId(Uuid::max()), ..good.clone() }];
        let outcomes = database.autocommit().sessions().spend(&both).await.unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(None))), "{what}");
        assert_eq!(session_of(&database, session.id).await, session, "{what}");
    }
    let locked = |disabled| UserChange { disabled: Some(disabled), ..UserChange::default() };
    database.committing().update(ana, &locked(true)).await.unwrap();
    assert!(database.spend(good.clone()).await.unwrap().is_none(), "a disabled account");
    database.committing().update(ana, &locked(false)).await.unwrap();
    let (day, moment) = (time::Duration::days(1), time::Duration::microseconds(1));
    let barely = Spend { seen_after: seen - moment, created_after: created - day, ..good.clone() };
    assert!(database.spend(barely).await.unwrap().is_some());
    database.committing().revoke(ana, session.id, at(9)).await.unwrap();
    assert!(database.spend(Spend { counter: 1, ..good }).await.unwrap().is_none(), "an ended session");
}

#[tokio::test]
async fn a_session_that_was_opened_through_a_client_is_looked_up_and_not_spent_unseen() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let own = add_session(&database, ana, 1).await;
    let theirs = Session { client: ClientId::parse("one"), ..new_session(ana, 2) };
    assert!(theirs.client.is_some());
    database.autocommit().sessions().insert(&theirs).await.unwrap();
    let both = [good(&own), good(&theirs)];
    let outcomes = database.autocommit().sessions().spend(&both).await.unwrap();
    assert!(matches!(outcomes[0], Ok(Some(_))) && matches!(outcomes[1], Ok(None)), "{outcomes:?}");
    assert!(database.spend(good(&theirs)).await.unwrap().is_none());
    assert_eq!(session_of(&database, theirs.id).await, theirs);
}

#[tokio::test]
async fn a_session_that_ends_with_another_is_looked_up_and_not_spent_unseen() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let parent = add_session(&database, ana, 1).await;
    let child = Session { parent: Some(parent.id), ..new_session(ana, 2) };
    database.autocommit().sessions().insert(&child).await.unwrap();
    let both = [good(&parent), good(&child)];
    let outcomes = database.autocommit().sessions().spend(&both).await.unwrap();
    assert!(matches!(outcomes[0], Ok(Some(_))) && matches!(outcomes[1], Ok(None)), "{outcomes:?}");
    assert!(database.spend(good(&child)).await.unwrap().is_none());
    assert_eq!(session_of(&database, child.id).await, child);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_many_sessions_at_once_are_all_spent_and_each_once() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let sessions = many(&database, ana, 300).await;
    let outcomes = at_once(&database, sessions.iter().chain(&sessions).map(good)).await;
    for (session, pair) in sessions.iter().zip(0..) {
        let two = [&outcomes[pair], &outcomes[pair + sessions.len()]];
        let spent: Vec<_> =
            two.into_iter().filter_map(|outcome| outcome.as_ref().unwrap().as_ref()).collect();
        assert_eq!(spent.len(), 1, "one of two callers");
        assert_eq!((spent[0].session.id, spent[0].session.counter), (session.id, 1));
        assert_eq!(session_of(&database, session.id).await.counter, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_callers_with_one_token_one_spends_it() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let session = add_session(&database, ana, 1).await;
    let outcomes = at_once(&database, (0..64).map(|_| good(&session))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.as_ref().unwrap().is_some()).count(), 1);
    assert_eq!(session_of(&database, session.id).await.counter, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_row_cannot_be_read_or_written_fails_alone() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let sessions = many(&database, ana, 40).await;
    let (unreadable, unwritable) = (sessions[7].id.0, sessions[9].id.0);
    let postgres = database.home.is_postgres();
    let quoted = |id: Uuid| if postgres { format!("'{id}'") } else { format!("X'{}'", id.simple()) };
    tamper(&database, &format!("UPDATE sessions SET scope = 'a\"b' WHERE id = {}", quoted(unreadable))).await;
    let id = quoted(unwritable);
    let refusing = if postgres {
        format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
             CREATE TRIGGER refuse BEFORE UPDATE ON sessions FOR EACH ROW WHEN (OLD.id = {id}) EXECUTE FUNCTION refuse()"
        )
    } else {
        format!(
            "CREATE TRIGGER refuse BEFORE UPDATE ON sessions WHEN OLD.id = {id}
             BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    };
    database.home.execute(&refusing).await;
    let outcomes = at_once(&database, sessions.iter().map(good)).await;
    for (session, outcome) in sessions.iter().zip(&outcomes) {
        if [unreadable, unwritable].contains(&session.id.0) {
            assert!(is_internal(outcome), "{outcome:?}");
        } else {
            // PostgreSQL reports an error before it lets go of the rows of the batch that failed.
            if outcome.as_ref().unwrap().is_none() {
                assert!(
                    database.home.is_postgres() && database.spend(good(session)).await.unwrap().is_some()
                );
            }
            assert_eq!(session_of(&database, session.id).await.counter, 1);
        }
    }
}

/// What PostgreSQL counted: updates of sessions, how many of them left the indexes alone, and deadlocks.
async fn counted(database: &Opened) -> [i64; 3] {
    let sql = "SELECT n_tup_upd, n_tup_hot_upd, (SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()) \
               FROM pg_stat_user_tables WHERE relname = 'sessions'";
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let row = database.connection().query_one_raw(statement).await.unwrap().unwrap();
    [0, 1, 2].map(|column| row.try_get_by_index(column).unwrap())
}

/// The same, once the counts of `connections` that were closed are in.
async fn counted_after(database: &Opened, updates: i64) -> [i64; 3] {
    for _ in 0..300 {
        let counted = counted(database).await;
        if counted[0] >= updates {
            return counted;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("PostgreSQL counts {:?}, of {updates} updates", counted(database).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_leaves_every_index_alone() {
    let database = open().await;
    if !database.home.is_postgres() {
        return;
    }
    let ana = add_user(&database, "ana").await.id;
    let (rows, rounds) = (8_000_u64, 75);
    let (salt, then) = ("01".repeat(16), micros(at(1)));
    let fill = format!(
        "INSERT INTO sessions (id, user_id, scope, counter, salt, created_at, last_seen_at)
         SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, {ana}, 'posts:read posts:write', 0,
           decode('{salt}', 'hex'), {then}, {then} FROM generate_series(1, {rows}) AS i"
    );
    database.home.execute(&fill).await;
    let session = |number: u64| Session {
        id: SessionId(Uuid::from_u64_pair(0x7000, 0x8000 << 48 | number)),
        salt: [1; 16],
        ..new_session(ana, 1)
    };
    let other = database.home.connect_with(DatabaseOptions::default()).await;
    let mut counters = vec![0; 8_001];
    for round in 0..rounds {
        // 64 of them, all over the table and each time others, so that a page is written some 25 times.
        let tokens: Vec<_> = (0..64)
            .map(|index| {
                let number = (index * 125 + round * 37) % rows + 1;
                let counter = &mut counters[usize::try_from(number).unwrap()];
                *counter += 1;
                Spend { counter: *counter - 1, ..good(&session(number)) }
            })
            .collect();
        assert!(at_once(&other, tokens).await.iter().all(|outcome| matches!(outcome, Ok(Some(_)))));
    }
    // A connection that ends says what it did.
    other.close().await.unwrap();
    let [updated, hot, _] = counted_after(&database, 64 * i64::try_from(rounds).unwrap()).await;
    assert!(hot * 100 >= updated * 95, "{hot} of {updated}");
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_and_ends_of_all_sessions_never_wait_for_each_other_in_a_circle() {
    let database = open().await;
    if !database.home.is_postgres() {
        return;
    }
    let replicas = [(); 2].map(|()| async { database.home.connect_with(DatabaseOptions::default()).await });
    let [one, two] = replicas;
    let replicas = Arc::new([one.await, two.await]);
    let mut updates = 0;
    for round in 0..15_u8 {
        let ana = add_user(&database, &format!("ana{round}")).await.id;
        let sessions: Vec<_> = (0..60_u8)
            .map(|number| {
                let id =
                    SessionId(Uuid::from_u128(u128::from(round) << 64 | u128::from(number ^ 0x2a) << 80));
                Session { id, ..new_session(ana, 1) }
            })
            .collect();
        for session in &sessions {
            database.autocommit().sessions().insert(session).await.unwrap();
        }
        let ending = {
            let database = database.database.clone();
            tokio::spawn(async move { database.committing().revoke_all(ana, None, at(5)).await.unwrap() })
        };
        let (forth, back) = (sessions.iter().map(good), sessions.iter().rev().map(good));
        let (first, second) = tokio::join!(at_once(&replicas[0], forth), at_once(&replicas[1], back));
        let spent = first.iter().chain(&second).filter(|outcome| outcome.as_ref().unwrap().is_some());
        updates += spent.count();
        assert_eq!(ending.await.unwrap(), 60, "every session was ended");
    }
    println!("{updates} tokens were spent beside 900 ends");
    for replica in &*replicas {
        replica.close().await.unwrap();
    }
    let [_, _, deadlocks] = counted_after(&database, 0).await;
    assert_eq!(deadlocks, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_another_transaction_has_locked_holds_up_no_other() {
    let database = open().await;
    if !database.home.is_postgres() {
        return;
    }
    let ana = add_user(&database, "ana").await.id;
    let sessions = many(&database, ana, 40).await;
    let mut holding = database.begin().await.unwrap();
    assert!(holding.session_proofs().prove(ana, sessions[7].id, &sessions[7].proof).await.unwrap());
    let outcomes = at_once(&database, sessions.iter().map(good));
    let outcomes = tokio::time::timeout(Duration::from_secs(3), outcomes).await.expect("none waits");
    for (index, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.as_ref().unwrap().is_some(), index != 7, "{index}");
    }
    holding.commit().await.unwrap();
    assert!(database.spend(good(&sessions[7])).await.unwrap().is_some());
}
