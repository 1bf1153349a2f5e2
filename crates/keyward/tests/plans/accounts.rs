//! Calls of the repository of accounts, and what calls of others need of them.

use keyward_auth::PasswordHash;
use keyward_domain::model::users::ImportedUser;
use keyward_domain::model::users::{NewUser, UserChange};
use keyward_domain::ports::store::{Repositories, Transaction};
use keyward_domain::values::email::Email;
use keyward_domain::values::ids::SessionId;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::names::{LoginName, Username};
use keyward_domain::values::page::Page;
use keyward_domain::values::scopes::Role;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::Inspector;
use crate::data::{THEN, bytes};

/// So long after everything happened.
pub(crate) fn after(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::microseconds(THEN) + Duration::seconds(seconds)
}

pub(crate) fn email(number: i64) -> Email {
    Email::parse(&format!("user{number}@example.com")).unwrap()
}

pub(crate) fn username(number: i64) -> Username {
    Username::parse(&format!("user{number}")).unwrap()
}

pub(crate) fn named(number: i64) -> LoginName {
    LoginName::Email(email(number))
}

pub(crate) fn session(number: i64) -> SessionId {
    SessionId(Uuid::from_slice(&bytes(number, 16)).unwrap())
}

pub(crate) fn key(number: i64) -> [u8; 32] {
    bytes(number, 32).try_into().unwrap()
}

pub(crate) fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_stored(text.to_owned())
}

#[expect(clippy::too_many_lines, reason = "one call after another")]
pub(crate) async fn all(inspector: &mut Inspector) {
    let some = UserId(inspector.rows / 3);
    let new = NewUser {
        names: Email::parse("new@example.com").unwrap().into(),
        name: None,
        role: Role::User,
        hash: Some(hash("$hash")),
        created_at: after(0),
    };
    inspector
        .of("users.insert", async |db| {
            db.users().insert(&new).await.unwrap();
        })
        .await;
    inspector
        .of("users.find", async |db| {
            db.users().find(some).await.unwrap().unwrap();
        })
        .await;
    inspector
        .of("users.credentials", async |db| {
            db.users().credentials(some).await.unwrap().unwrap();
        })
        .await;
    let (address, by_email) = (email(some.0), named(some.0));
    let by_username = LoginName::Username(username(some.0));
    inspector
        .of("users.credentials_of", async |db| {
            db.users().credentials_of(&by_email).await.unwrap().unwrap();
            db.users().credentials_of(&by_username).await.unwrap().unwrap();
        })
        .await;
    let change = UserChange { disabled: Some(true), ..UserChange::default() };
    inspector
        .of("users.update", async |db| {
            db.user_changes().update(some, &change).await.unwrap().unwrap();
        })
        .await;
    let (old, new) = (hash("$hash"), hash("$new"));
    inspector
        .of("users.replace_hash", async |db| {
            assert!(db.user_changes().replace_hash(some, Some(&old), &new).await.unwrap());
        })
        .await;
    inspector
        .of("users.still_has", async |db| {
            assert!(db.user_changes().still_has(some, Some(&old)).await.unwrap());
        })
        .await;
    let other = Email::parse("other@example.com").unwrap();
    inspector
        .of("users.verify", async |db| assert!(db.user_changes().verify(some, &address).await.unwrap()))
        .await;
    inspector
        .of("users.change_email", async |db| {
            assert!(db.user_changes().change_email(some, &other).await.unwrap());
        })
        .await;
    let imported = ImportedUser {
        new: NewUser {
            names: Email::parse("imported@example.com").unwrap().into(),
            name: None,
            role: Role::User,
            hash: Some(hash("$hash")),
            created_at: after(0),
        },
        disabled: false,
        email_verified: true,
    };
    inspector
        .of("users.insert_missing", async |db| {
            assert_eq!(db.users().insert_missing(std::slice::from_ref(&imported)).await.unwrap(), 1);
        })
        .await;
    inspector
        .of("users.count_present", async |db| {
            assert_eq!(db.users().count_present(&[&email(5).into(), &username(6).into()]).await.unwrap(), 2);
        })
        .await;
    inspector
        .of("users.hold", async |db| {
            db.user_changes().hold(some).await.unwrap().unwrap();
        })
        .await;
    inspector
        .of("users.administrators", async |db| {
            assert_eq!(db.user_changes().administrators(2).await.unwrap(), []);
        })
        .await;
    inspector
        .of("users.mark_deleted", async |db| {
            assert!(db.user_changes().mark_deleted(some, after(0)).await.unwrap());
        })
        .await;
    inspector
        .of("users.deleted", async |db| {
            assert_eq!(db.users().deleted(UserId(0), 9).await.unwrap(), []);
        })
        .await;
    inspector
        .of("users.remove_some", async |db| {
            assert!(db.user_changes().mark_deleted(some, after(0)).await.unwrap());
            assert!(db.user_changes().remove_some(some, 500).await.unwrap() > 0);
        })
        .await;
    inspector
        .of("users.delete", async |db| {
            assert!(db.user_changes().delete(some).await.unwrap());
        })
        .await;
    let deep = Some(inspector.rows / 2);
    let list = async |inspector: &mut Inspector, after| {
        let page = Page { limit: 50, after };
        inspector
            .costs("users.list", async |db| {
                assert_eq!(db.users().list(page).await.unwrap().len(), 51);
            })
            .await
    };
    let (first, deep) = (list(inspector, None).await, list(inspector, deep).await);
    inspector.pages("users.list", "all", first, deep);
}
