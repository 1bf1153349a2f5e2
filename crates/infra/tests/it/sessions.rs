//! Logins.

use keyward_auth::{ScopeSet, Thumbprint};
use keyward_domain::model::sessions::Session;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::UserChange;
use keyward_domain::ports::store::Store;
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::ids::SessionId;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::origin::Device;
use keyward_domain::values::proof::{Method, Proof};
use keyward_domain::values::scopes::Role;
use uuid::Uuid;

use crate::support::{Commits, add_session, add_user, at, is_internal, new_session, open, tamper};

#[tokio::test]
async fn every_field_of_a_session_comes_back() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let full = Session {
        key: Thumbprint::parse(&"A".repeat(43)),
        id: SessionId(Uuid::parse_str("0192f7a5-5f3e-7abc-8def-0123456789ab").unwrap()),
        user: ana,
        scope: ScopeSet::parse("posts:read").unwrap(),
        device: Device {
            user_agent: Some("curl/8 (Ω) \u{1F600}".to_owned()),
            ip: Some("2001:db8::7".parse().unwrap()),
        },
        created_at: at(1),
        last_seen_at: at(2),
        proof: Proof::new(at(7), &[Method::Otp, Method::Password]),
        counter: 41,
        client: Some(ClientId::parse("a-client").unwrap()),
        parent: Some(SessionId(uuid::Uuid::from_u128(99))),
        opened_in: Some(SessionId(uuid::Uuid::from_u128(98))),
        audience: vec!["https://api.example.com".to_owned(), "urn:b".to_owned()],
        salt: [0, 255, 39, 92, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    };
    let bare = Session { scope: ScopeSet::default(), ..new_session(ana, 2) };
    let v4 = Session {
        device: Device { user_agent: Some(String::new()), ip: Some("192.0.2.1".parse().unwrap()) },
        ..new_session(ana, 3)
    };
    for session in [full, bare, v4] {
        let mut ports = database.autocommit();
        ports.sessions().insert(&session).await.unwrap();
        let live = ports.sessions().live(session.id).await.unwrap().unwrap();
        assert_eq!((&live.session, live.role), (&session, Role::User));
        assert!(ports.sessions().of_user(ana, None, 9).await.unwrap().contains(&session));
    }
}

#[tokio::test]
async fn a_further_proof_is_noted_in_a_session_that_stands_and_a_refresh_keeps_it() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let session = add_session(&database, ana, 1).await;
    let proof = session.proof.and(Method::Otp, at(60));
    let mut ports = database.autocommit();
    assert!(!database.committing().prove(UserId(ana.0 + 1), session.id, &proof).await.unwrap());
    assert!(database.committing().prove(ana, session.id, &proof).await.unwrap());
    assert!(ports.sessions().advance(session.id, 0, None, at(120)).await.unwrap());
    assert_eq!(ports.sessions().live(session.id).await.unwrap().unwrap().session.proof, proof);
    database.committing().revoke(ana, session.id, at(180)).await.unwrap();
    assert!(!database.committing().prove(ana, session.id, &session.proof).await.unwrap());
}

#[tokio::test]
async fn a_session_of_before_was_proven_by_a_password_at_its_login() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let session = add_session(&database, ana, 1).await;
    // What a program of the version before leaves in the new columns.
    database.home.execute("UPDATE sessions SET amr = 'pwd', auth_at = NULL").await;
    let found = database.autocommit().sessions().live(session.id).await.unwrap().unwrap().session;
    assert_eq!(found.proof, Proof::new(session.created_at, &[Method::Password]));
}

#[tokio::test]
async fn a_session_of_nobody_dangles_and_one_of_a_taken_id_is_taken() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let mut ports = database.autocommit();
    let of_nobody = new_session(UserId(ana.0 + 1), 1);
    assert!(matches!(ports.sessions().insert(&of_nobody).await, Err(StoreError::Dangling)));
    add_session(&database, ana, 1).await;
    assert!(matches!(ports.sessions().insert(&new_session(ana, 1)).await, Err(StoreError::Taken)));
}

#[tokio::test]
async fn a_live_session_shows_its_users_role_of_this_moment() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let session = add_session(&database, ana, 1).await;
    let mut ports = database.autocommit();
    let promoted = UserChange { role: Some(Role::Admin), ..UserChange::default() };
    database.committing().update(ana, &promoted).await.unwrap();
    assert_eq!(ports.sessions().live(session.id).await.unwrap().unwrap().role, Role::Admin);
}

#[tokio::test]
async fn a_session_is_not_live_when_revoked_or_when_its_user_is_locked_out() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let (first, second) = (add_session(&database, ana, 1).await.id, add_session(&database, ana, 2).await.id);
    let mut ports = database.autocommit();
    assert!(database.committing().revoke(ana, first, at(9)).await.unwrap());
    assert!(ports.sessions().live(first).await.unwrap().is_none());
    assert!(ports.sessions().live(second).await.unwrap().is_some());
    let locked = |disabled| UserChange { disabled: Some(disabled), ..UserChange::default() };
    database.committing().update(ana, &locked(true)).await.unwrap();
    assert!(ports.sessions().live(second).await.unwrap().is_none());
    database.committing().update(ana, &locked(false)).await.unwrap();
    assert!(ports.sessions().live(second).await.unwrap().is_some());
    assert!(ports.sessions().live(SessionId(Uuid::nil())).await.unwrap().is_none());
}

#[tokio::test]
async fn a_session_is_revoked_once_and_by_its_user_only() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let bob = add_user(&database, "bob").await.id;
    let session = add_session(&database, ana, 1).await.id;
    let mut ports = database.autocommit();
    assert!(!database.committing().revoke(bob, session, at(9)).await.unwrap());
    assert!(ports.sessions().live(session).await.unwrap().is_some());
    assert!(database.committing().revoke(ana, session, at(9)).await.unwrap());
    assert!(!database.committing().revoke(ana, session, at(9)).await.unwrap());
}

#[tokio::test]
async fn revoking_all_spares_the_named_session_and_other_users() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let bob = add_user(&database, "bob").await.id;
    for number in 1..=4 {
        add_session(&database, ana, number).await;
    }
    let his = add_session(&database, bob, 5).await.id;
    let mut ports = database.autocommit();
    let kept = new_session(ana, 3).id;
    assert_eq!(database.committing().revoke_all(ana, Some(kept), at(9)).await.unwrap(), 3);
    let left = ports.sessions().of_user(ana, None, 9).await.unwrap();
    assert_eq!(left.iter().map(|session| session.id).collect::<Vec<_>>(), [kept]);
    assert_eq!(database.committing().revoke_all(ana, None, at(9)).await.unwrap(), 1);
    assert_eq!(database.committing().revoke_all(ana, None, at(9)).await.unwrap(), 0);
    assert!(ports.sessions().live(his).await.unwrap().is_some());
}

#[tokio::test]
async fn sessions_are_listed_newest_first_and_no_more_than_asked_for() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    for number in [2, 4, 1, 3] {
        add_session(&database, ana, number).await;
    }
    let mut ports = database.autocommit();
    let salts = |sessions: Vec<Session>| sessions.iter().map(|session| session.salt[0]).collect::<Vec<_>>();
    assert_eq!(salts(ports.sessions().of_user(ana, None, 3).await.unwrap()), [4, 3, 2]);
    assert_eq!(salts(ports.sessions().of_user(ana, None, u64::MAX).await.unwrap()), [4, 3, 2, 1]);
    assert!(ports.sessions().of_user(ana, None, 0).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_nul_in_what_a_client_calls_itself_is_replaced() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let device = Device { user_agent: Some("a\0b".to_owned()), ip: None };
    let session = Session { device, ..new_session(ana, 1) };
    let mut ports = database.autocommit();
    ports.sessions().insert(&session).await.unwrap();
    let kept = ports.sessions().live(session.id).await.unwrap().unwrap().session.device.user_agent;
    assert_eq!(kept.as_deref(), Some("a\u{fffd}b"));
}

#[tokio::test]
async fn what_does_not_fit_its_column_or_does_not_belong_there_is_an_internal_failure() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let too_far = Session { counter: u64::MAX, ..new_session(ana, 1) };
    assert!(is_internal(&database.autocommit().sessions().insert(&too_far).await));
    for (number, change) in [
        (1, "scope = 'a\"b'"),
        (2, "ip = 'here'"),
        (3, "counter = -1"),
        (4, "last_seen_at = -9223372036854775808"),
    ] {
        let id = add_session(&database, ana, number).await.id;
        tamper(&database, &format!("UPDATE sessions SET {change} WHERE revoked_at IS NULL")).await;
        assert!(is_internal(&database.autocommit().sessions().live(id).await), "{change}");
        assert!(is_internal(&database.autocommit().sessions().of_user(ana, None, 9).await), "{change}");
        database.committing().revoke_all(ana, None, at(0)).await.unwrap();
    }
}

#[tokio::test]
async fn sessions_that_are_over_are_removed_in_batches_and_others_stay() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    for number in 1..=9 {
        // Last seen on that day, in the morning.
        let session = Session { last_seen_at: day(number.into()), ..new_session(ana, number) };
        database.autocommit().sessions().insert(&session).await.unwrap();
    }
    let revoked = SessionId(Uuid::from_bytes([9; 16]));
    database.committing().revoke(ana, revoked, day(20)).await.unwrap();
    let remove = async |revoked, idle, limit| {
        database.autocommit().sessions().remove_over(day(revoked), idle, limit).await.unwrap()
    };
    let evening = day(5) + time::Duration::hours(12);
    assert_eq!(remove(20, evening, 3).await, 3);
    assert_eq!(remove(20, evening, 3).await, 1);
    assert_eq!(remove(20, evening, 3).await, 0, "a day is swept when it is over");
    assert_eq!(database.autocommit().sessions().of_user(ana, None, 100).await.unwrap().len(), 4);
    assert_eq!(remove(21, evening, 3).await, 1);
    assert_eq!(database.autocommit().sessions().of_user(ana, None, 100).await.unwrap().len(), 4);
}

/// The morning of a day, in UTC.
fn day(number: i64) -> time::OffsetDateTime {
    at(0).replace_time(time::Time::from_hms(6, 0, 0).unwrap()) + time::Duration::days(number)
}

#[tokio::test]
async fn an_ended_session_is_found_with_whether_a_reuse_ended_it() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let (live, ended, reused) = (
        add_session(&database, ana, 1).await,
        add_session(&database, ana, 2).await,
        add_session(&database, ana, 3).await,
    );
    assert!(database.committing().revoke(ana, ended.id, at(9)).await.unwrap());
    assert!(database.committing().revoke_reused(ana, reused.id, at(9)).await.unwrap());
    assert!(!database.committing().revoke_reused(ana, ended.id, at(9)).await.unwrap(), "it keeps its reason");
    let mut ports = database.autocommit();
    assert!(ports.sessions().ended(live.id).await.unwrap().is_none());
    for (session, by_reuse) in [(ended, false), (reused, true)] {
        let found = ports.sessions().ended(session.id).await.unwrap().unwrap();
        assert_eq!((found.session, found.by_reuse), (session, by_reuse));
    }
}
