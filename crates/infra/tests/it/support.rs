//! What the tests have in common: a database, and people and things to put into it.

use std::ops::Deref;

use keyward_auth::{PasswordHash, ScopeSet};
use keyward_domain::model::sessions::Session;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::{Name, NewUser, User, UserChange};
use keyward_domain::ports::store::Store;
use keyward_domain::values::email::Email;
use keyward_domain::values::ids::{ClientId, SessionId, UserId};
use keyward_domain::values::names::{LoginName, Username};
use keyward_domain::values::origin::Device;
use keyward_domain::values::proof::{Method, Proof};
use keyward_domain::values::scopes::Role;
use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::database::store::Database;
use keyward_infra::testing::{TestDatabase, fresh_database};
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

/// The name of the account that [`add_user`] adds.
pub(crate) fn named(local: &str) -> LoginName {
    LoginName::Email(email(local))
}

pub(crate) fn username(text: &str) -> Username {
    Username::parse(text).unwrap()
}

pub(crate) fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_stored(text.to_owned())
}

pub(crate) fn new_user(local: &str) -> NewUser {
    NewUser {
        names: email(local).into(),
        name: Some(Name::parse(local).unwrap()),
        role: Role::User,
        hash: Some(hash("$old")),
        created_at: at(0),
    }
}

pub(crate) async fn add_user(database: &Database, local: &str) -> User {
    database.autocommit().users().insert(&new_user(local)).await.unwrap()
}

pub(crate) fn new_session(user: UserId, number: u8) -> Session {
    Session {
        key: None,
        id: SessionId(Uuid::from_bytes([number; 16])),
        user,
        scope: ScopeSet::parse("posts:read posts:write").unwrap(),
        device: Device::default(),
        created_at: at(i64::from(number)),
        last_seen_at: at(i64::from(number)),
        counter: 0,
        client: None,
        parent: None,
        opened_in: None,
        audience: Vec::new(),
        proof: Proof::new(at(i64::from(number)), &[Method::Password]),
        salt: [number; 16],
    }
}

pub(crate) async fn add_session(database: &Database, user: UserId, number: u8) -> Session {
    let session = new_session(user, number);
    database.autocommit().sessions().insert(&session).await.unwrap();
    session
}

/// Changes that are transactions of their own.
pub(crate) struct Committing(Database);

pub(crate) trait Commits {
    fn committing(&self) -> Committing;
}

impl Commits for Database {
    fn committing(&self) -> Committing {
        Committing(self.clone())
    }
}

macro_rules! committing {
    ($($port:ident.$name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        impl Committing {
            $(
                pub(crate) async fn $name(&self, $($argument: $type),*) -> Result<$answer, StoreError> {
                    let mut tx = self.0.begin().await?;
                    let answer = tx.$port().$name($($argument),*).await?;
                    tx.commit().await?;
                    Ok(answer)
                }
            )*
        }
    };
}

committing! {
    user_changes.update(id: UserId, change: &UserChange) -> Option<User>;
    user_changes.replace_hash(id: UserId, old: Option<&PasswordHash>, new: &PasswordHash) -> bool;
    user_changes.still_has(id: UserId, hash: Option<&PasswordHash>) -> bool;
    user_changes.verify(id: UserId, email: &Email) -> bool;
    user_changes.change_email(id: UserId, email: &Email) -> bool;
    user_changes.delete(id: UserId) -> bool;
    user_changes.mark_deleted(id: UserId, now: OffsetDateTime) -> bool;
    user_changes.remove_some(id: UserId, limit: u64) -> u64;
    session_proofs.prove(user: UserId, id: SessionId, proof: &Proof) -> bool;
    session_endings.revoke(user: UserId, id: SessionId, now: OffsetDateTime) -> bool;
    session_endings.revoke_reused(user: UserId, id: SessionId, now: OffsetDateTime) -> bool;
    session_endings.revoke_all(user: UserId, except: Option<SessionId>, now: OffsetDateTime) -> u64;
    session_endings.revoke_some_of_client(client: &ClientId, now: OffsetDateTime, limit: u64) -> u64;
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
