//! What the tests have in common: a database, and people and things to put into it.

use std::ops::Deref;

use keyward_auth::{PasswordHash, ScopeSet};
use keyward_domain::email::Email;
use keyward_domain::posts::{Content, Draft, Title};
use keyward_domain::scopes::Role;
use keyward_domain::sessions::{Device, Session, SessionId};
use keyward_domain::store::{Store, StoreError};
use keyward_domain::users::{Name, NewUser, User, UserId};
use keyward_infra::testing::{TestDatabase, fresh_database};
use keyward_infra::{Database, DatabaseOptions};
use sea_orm::ConnectionTrait;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// An open database of one test's own.
pub(crate) struct Opened {
    pub(crate) database: Database,
    pub(crate) home: TestDatabase,
}

impl Deref for Opened {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

pub(crate) async fn open() -> Opened {
    open_with(DatabaseOptions::default()).await
}

pub(crate) async fn open_with(options: DatabaseOptions) -> Opened {
    let home = fresh_database().await;
    let database = home.connect_with(options).await;
    Opened { database, home }
}

/// A time of day with microseconds, `seconds` after a certain one.
pub(crate) fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::microseconds(1_795_305_600_123_456) + Duration::seconds(seconds)
}

pub(crate) fn email(local: &str) -> Email {
    Email::parse(&format!("{local}@example.com")).unwrap()
}

pub(crate) fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_stored(text.to_owned())
}

pub(crate) fn new_user(local: &str) -> NewUser {
    NewUser {
        email: email(local),
        name: Some(Name::parse(local).unwrap()),
        role: Role::User,
        hash: hash("$old"),
        created_at: at(0),
    }
}

pub(crate) async fn add_user(database: &Database, local: &str) -> User {
    database.autocommit().users().insert(&new_user(local)).await.unwrap()
}

pub(crate) fn new_session(user: UserId, number: u8) -> Session {
    Session {
        id: SessionId(Uuid::from_bytes([number; 16])),
        user,
        scope: ScopeSet::parse("posts:read posts:write").unwrap(),
        device: Device::default(),
        created_at: at(i64::from(number)),
        last_seen_at: at(i64::from(number)),
        counter: 0,
        client: None,
        salt: [number; 16],
    }
}

pub(crate) async fn add_session(database: &Database, user: UserId, number: u8) -> Session {
    let session = new_session(user, number);
    database.autocommit().sessions().insert(&session).await.unwrap();
    session
}

pub(crate) fn draft(title: &str, published: bool) -> Draft {
    Draft { title: Title::parse(title).unwrap(), content: Content::parse("content").unwrap(), published }
}

/// Runs SQL that no port would.
pub(crate) async fn tamper(database: &Database, sql: &str) {
    let done = database.connection().execute_unprepared(sql).await.unwrap();
    assert!(done.rows_affected() > 0, "{sql} changed nothing");
}

pub(crate) fn is_unavailable<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Unavailable(_)))
}

pub(crate) fn is_internal<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Internal(_)))
}
