//! Accounts.

use keyward_auth::SecretHash;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::ImportedUser;
use keyward_domain::model::users::{Name, NewUser, User, UserChange};
use keyward_domain::model::verifications::{Pending, Purpose};
use keyward_domain::ports::store::Store;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::names::{LoginName, Names};
use keyward_domain::values::page::Page;
use keyward_domain::values::scopes::Role;

use crate::support::{
    Commits, add_session, add_user, at, email, hash, is_internal, named, new_session, new_user, open, tamper,
    username,
};

#[tokio::test]
async fn an_account_comes_back_as_it_was_added() {
    let database = open().await;
    let mut ports = database.autocommit();
    let new = NewUser { name: None, role: Role::Admin, ..new_user("ana") };
    let user = ports.users().insert(&new).await.unwrap();
    let expected = User {
        id: user.id,
        names: email("ana").into(),
        name: None,
        role: Role::Admin,
        disabled: false,
        email_verified: false,
        created_at: at(0),
    };
    assert_eq!(user, expected);
    assert_eq!(ports.users().find(user.id).await.unwrap(), Some(expected.clone()));
    for found in [
        ports.users().credentials(user.id).await.unwrap().unwrap(),
        ports.users().credentials_of(&named("ana")).await.unwrap().unwrap(),
    ] {
        assert_eq!((found.user, found.hash), (expected.clone(), Some(hash("$old"))));
    }
}

#[tokio::test]
async fn of_imported_accounts_those_are_added_whose_address_is_free() {
    let database = open().await;
    let bob = add_user(&database, "bob").await;
    let imported = |local: &str, disabled, email_verified| ImportedUser {
        new: NewUser { hash: Some(hash("$imported")), name: None, ..new_user(local) },
        disabled,
        email_verified,
    };
    let batch = [imported("ana", false, true), imported("bob", true, true), imported("eve", true, false)];
    let names = ["ana", "bob", "eve"].map(|local| Names::from(email(local)));
    let names = names.each_ref();
    let mut ports = database.autocommit();
    assert_eq!(ports.users().insert_missing(&[]).await.unwrap(), 0);
    assert_eq!(ports.users().count_present(&[]).await.unwrap(), 0);
    assert_eq!(ports.users().count_present(&names).await.unwrap(), 1);
    assert_eq!(ports.users().insert_missing(&batch).await.unwrap(), 2);
    assert_eq!(ports.users().insert_missing(&batch).await.unwrap(), 0);
    assert_eq!(ports.users().count_present(&names).await.unwrap(), 3);
    for (local, disabled, verified) in [("ana", false, true), ("eve", true, false)] {
        let found = ports.users().credentials_of(&named(local)).await.unwrap().unwrap();
        assert_eq!((found.user.disabled, found.user.email_verified), (disabled, verified), "{local}");
        assert_eq!(
            (found.user.name, found.user.created_at, found.hash),
            (None, at(0), Some(hash("$imported")))
        );
    }
    let kept = ports.users().credentials_of(&named("bob")).await.unwrap().unwrap();
    assert_eq!((kept.user, kept.hash), (bob, Some(hash("$old"))));
}

#[tokio::test]
async fn an_account_is_found_by_either_of_its_names() {
    let database = open().await;
    let mut ports = database.autocommit();
    let both = Names::new(Some(email("ana")), Some(username("sponge"))).unwrap();
    let both = ports.users().insert(&NewUser { names: both, ..new_user("ana") }).await.unwrap();
    let nameless = NewUser { names: username("flying").into(), ..new_user("bob") };
    let nameless = ports.users().insert(&nameless).await.unwrap();
    assert_eq!((nameless.names.email(), nameless.names.username()), (None, Some(&username("flying"))));
    for (name, user) in [
        (named("ana"), &both),
        (LoginName::Username(username("sponge")), &both),
        (LoginName::Username(username("flying")), &nameless),
    ] {
        let found = ports.users().credentials_of(&name).await.unwrap().unwrap();
        assert_eq!(&found.user, user, "{name}");
    }
    assert_eq!(ports.users().find(nameless.id).await.unwrap(), Some(nameless));
    assert!(ports.users().credentials_of(&LoginName::Username(username("ana"))).await.unwrap().is_none());
}

#[tokio::test]
async fn it_is_said_which_name_is_taken() {
    let database = open().await;
    let mut ports = database.autocommit();
    let names = |local: Option<&str>, name: Option<&str>| NewUser {
        names: Names::new(local.map(email), name.map(username)).unwrap(),
        ..new_user("ana")
    };
    ports.users().insert(&names(Some("ana"), Some("sponge"))).await.unwrap();
    ports.users().insert(&names(None, Some("flying"))).await.unwrap();
    for (local, name, is_email) in [
        (Some("ana"), None, true),
        (Some("ana"), Some("free"), true),
        (Some("bob"), Some("sponge"), false),
        (Some("bob"), Some("flying"), false),
        (None, Some("sponge"), false),
    ] {
        let error = ports.users().insert(&names(local, name)).await.unwrap_err();
        let expected = if is_email { "Taken" } else { "UsernameTaken" };
        assert_eq!(format!("{error:?}"), expected, "{local:?} {name:?}");
    }
    // Without an address either constraint may be the first to refuse it.
    let error = ports.users().insert(&names(None, Some("flying"))).await.unwrap_err();
    assert!(matches!(error, StoreError::Taken | StoreError::UsernameTaken), "{error:?}");
}

#[tokio::test]
async fn of_imported_accounts_none_takes_a_user_name_that_is_not_free() {
    let database = open().await;
    let imported = |local: Option<&str>, name: Option<&str>| ImportedUser {
        new: NewUser { names: Names::new(local.map(email), name.map(username)).unwrap(), ..new_user("x") },
        disabled: false,
        email_verified: false,
    };
    let mut ports = database.autocommit();
    let first = [imported(Some("ana"), Some("sponge")), imported(None, Some("flying"))];
    assert_eq!(ports.users().insert_missing(&first).await.unwrap(), 2);
    let second = [
        imported(Some("bob"), Some("sponge")),
        imported(Some("ana"), Some("free")),
        imported(None, Some("flying")),
        imported(None, Some("new")),
    ];
    let names: Vec<_> = second.iter().map(|user| &user.new.names).collect();
    assert_eq!(ports.users().count_present(&names).await.unwrap(), 3);
    assert_eq!(ports.users().insert_missing(&second).await.unwrap(), 1);
    assert_eq!(ports.users().count_present(&names).await.unwrap(), 4);
}

#[tokio::test]
async fn an_account_without_an_address_can_get_one_and_keeps_its_user_name() {
    let database = open().await;
    let new = NewUser { names: username("sponge").into(), ..new_user("ana") };
    let user = database.autocommit().users().insert(&new).await.unwrap();
    assert!(database.committing().change_email(user.id, &email("ana")).await.unwrap());
    let found = database.autocommit().users().find(user.id).await.unwrap().unwrap();
    assert_eq!(found.names, Names::new(Some(email("ana")), Some(username("sponge"))).unwrap());
}

#[tokio::test]
async fn a_full_batch_of_imported_accounts_fits_one_statement() {
    let database = open().await;
    let batch: Vec<ImportedUser> = (0..500)
        .map(|number| ImportedUser {
            new: new_user(&format!("user{number}")),
            disabled: false,
            email_verified: false,
        })
        .collect();
    let mut transaction = database.begin().await.unwrap();
    assert_eq!(transaction.users().insert_missing(&batch).await.unwrap(), 500);
    drop(transaction);
    assert_eq!(database.autocommit().users().insert_missing(&batch).await.unwrap(), 500);
}

#[tokio::test]
async fn names_keep_every_character() {
    let database = open().await;
    let name = Name::parse("  Zoë 'Ω\"; DROP TABLE users; -- \\ % \u{1F600}\n").unwrap();
    let new = NewUser { name: Some(name.clone()), ..new_user("zoe") };
    let user = database.autocommit().users().insert(&new).await.unwrap();
    assert_eq!(database.autocommit().users().find(user.id).await.unwrap().unwrap().name, Some(name));
}

#[tokio::test]
async fn an_absent_account_is_none_whatever_its_id() {
    let database = open().await;
    let mut ports = database.autocommit();
    for id in [0, -1, 1, i64::MIN, i64::MAX] {
        let id = UserId(id);
        assert_eq!(ports.users().find(id).await.unwrap(), None);
        assert!(ports.users().credentials(id).await.unwrap().is_none());
        let locked = UserChange { disabled: Some(true), ..UserChange::default() };
        assert_eq!(database.committing().update(id, &locked).await.unwrap(), None);
        assert_eq!(database.committing().update(id, &UserChange::default()).await.unwrap(), None);
        assert!(!database.committing().still_has(id, Some(&hash("$old"))).await.unwrap());
        assert!(!database.committing().replace_hash(id, Some(&hash("$old")), &hash("$new")).await.unwrap());
        assert!(!database.committing().delete(id).await.unwrap());
    }
    assert!(ports.users().credentials_of(&named("nobody")).await.unwrap().is_none());
}

#[tokio::test]
async fn of_64_parallel_registrations_of_one_address_exactly_one_succeeds() {
    let database = open().await;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let database = database.database.clone();
            tokio::spawn(async move { database.autocommit().users().insert(&new_user("ana")).await })
        })
        .collect();
    let (mut added, mut taken) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => added += 1,
            Err(StoreError::Taken) => taken += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((added, taken), (1, 63));
}

#[tokio::test]
async fn an_id_is_never_given_again() {
    let database = open().await;
    let mut ports = database.autocommit();
    let first = ports.users().insert(&new_user("ana")).await.unwrap().id;
    assert!(database.committing().delete(first).await.unwrap());
    assert!(!database.committing().delete(first).await.unwrap());
    let second = ports.users().insert(&new_user("ana")).await.unwrap().id;
    assert!(second > first, "{second} after {first}");
}

#[tokio::test]
async fn only_the_fields_named_change() {
    let database = open().await;
    let ana = add_user(&database, "ana").await;
    let bob = add_user(&database, "bob").await;
    let mut ports = database.autocommit();
    assert_eq!(
        database.committing().update(ana.id, &UserChange::default()).await.unwrap(),
        Some(ana.clone())
    );

    let change = UserChange { role: Some(Role::Admin), ..UserChange::default() };
    let expected = User { role: Role::Admin, ..ana.clone() };
    assert_eq!(database.committing().update(ana.id, &change).await.unwrap(), Some(expected.clone()));

    let change = UserChange { name: Some(None), disabled: Some(true), role: None };
    let expected = User { name: None, disabled: true, ..expected };
    assert_eq!(database.committing().update(ana.id, &change).await.unwrap(), Some(expected.clone()));
    assert_eq!(ports.users().find(ana.id).await.unwrap(), Some(expected));

    let name = Name::parse("Ana").unwrap();
    let change = UserChange { name: Some(Some(name.clone())), disabled: Some(false), role: None };
    let updated = database.committing().update(ana.id, &change).await.unwrap().unwrap();
    assert_eq!((updated.name, updated.disabled), (Some(name), false));
    assert_eq!(ports.users().find(bob.id).await.unwrap(), Some(bob));
}

#[tokio::test]
async fn a_hash_is_replaced_only_while_it_is_the_one_that_was_checked() {
    let database = open().await;
    let id = add_user(&database, "ana").await.id;
    let other = add_user(&database, "bob").await.id;
    assert!(!database.committing().replace_hash(id, Some(&hash("$wrong")), &hash("$new")).await.unwrap());
    assert!(database.committing().still_has(id, Some(&hash("$old"))).await.unwrap());
    assert!(database.committing().replace_hash(id, Some(&hash("$old")), &hash("$new")).await.unwrap());
    assert!(!database.committing().replace_hash(id, Some(&hash("$old")), &hash("$newer")).await.unwrap());
    assert!(!database.committing().still_has(id, Some(&hash("$old"))).await.unwrap());
    assert!(database.committing().still_has(id, Some(&hash("$new"))).await.unwrap());
    assert!(database.committing().still_has(other, Some(&hash("$old"))).await.unwrap());
}

#[tokio::test]
async fn a_locked_account_has_no_hash_to_log_in_with() {
    let database = open().await;
    let id = add_user(&database, "ana").await.id;
    let mut ports = database.autocommit();
    let locked = UserChange { disabled: Some(true), ..UserChange::default() };
    database.committing().update(id, &locked).await.unwrap();
    assert!(!database.committing().still_has(id, Some(&hash("$old"))).await.unwrap());
    assert!(!database.committing().replace_hash(id, Some(&hash("$old")), &hash("$new")).await.unwrap());
    assert_eq!(ports.users().credentials(id).await.unwrap().unwrap().hash, Some(hash("$old")));
}

#[tokio::test]
async fn of_parallel_replacements_of_one_hash_exactly_one_succeeds() {
    let database = open().await;
    let id = add_user(&database, "ana").await.id;
    let tasks: Vec<_> = (0..32)
        .map(|number| {
            let database = database.database.clone();
            tokio::spawn(async move {
                database
                    .committing()
                    .replace_hash(id, Some(&hash("$old")), &hash(&format!("$new{number}")))
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut winners = 0;
    for task in tasks {
        winners += usize::from(task.await.unwrap());
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn with_an_account_go_its_sessions_and_verifications_and_no_others() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let bob = add_user(&database, "bob").await.id;
    let hers = add_session(&database, ana, 1).await.id;
    let his = add_session(&database, bob, 2).await.id;
    let mut ports = database.autocommit();
    for (user, local) in [(ana, "ana"), (bob, "bob")] {
        let pending =
            Pending { user, email: email(local), token: SecretHash::of(local), purpose: Purpose::Verify };
        assert!(ports.verifications().replace(&pending, at(0), at(-60), at(3600)).await.unwrap());
    }

    assert!(database.committing().delete(ana).await.unwrap());
    assert!(ports.sessions().live(hers).await.unwrap().is_none());
    assert!(ports.sessions().of_user(ana, None, 10).await.unwrap().is_empty());
    assert_eq!(ports.verifications().kept_at(ana, Purpose::Verify).await.unwrap(), None);
    assert!(ports.sessions().live(his).await.unwrap().is_some());
    assert_eq!(ports.verifications().kept_at(bob, Purpose::Verify).await.unwrap(), Some(at(0)));
    // Not merely hidden by a join.
    let left = |table: &str| format!("DELETE FROM {table}");
    for table in ["sessions", "email_proofs"] {
        let done = sea_orm::ConnectionTrait::execute_unprepared(database.connection(), &left(table)).await;
        assert_eq!(done.unwrap().rows_affected(), 1, "{table}");
    }
}

#[tokio::test]
async fn pages_cover_every_account_once() {
    let database = open().await;
    for number in 0..7 {
        add_user(&database, &format!("u{number}")).await;
    }
    let mut ports = database.autocommit();
    let mut seen = Vec::new();
    let mut page = Page { limit: 3, after: None };
    loop {
        let rows = ports.users().list(page).await.unwrap();
        assert!(rows.len() <= 4, "one more than the page has, to tell whether there is another");
        seen.extend(rows.iter().take(3).map(|user| user.names.email().unwrap().local().to_owned()));
        if rows.len() <= 3 {
            break;
        }
        page.after = Some(rows[2].id.0);
    }
    assert_eq!(seen, ["u0", "u1", "u2", "u3", "u4", "u5", "u6"]);
    assert!(ports.users().list(Page { limit: 3, after: Some(i64::MAX) }).await.unwrap().is_empty());
    assert_eq!(ports.users().list(Page { limit: u32::MAX, after: Some(i64::MIN) }).await.unwrap().len(), 7);
}

#[tokio::test]
async fn an_unknown_role_in_the_database_is_an_internal_failure() {
    let database = open().await;
    let id = add_user(&database, "ana").await.id;
    tamper(&database, "UPDATE users SET role = 'king'").await;
    assert!(is_internal(&database.autocommit().users().find(id).await));
    assert!(is_internal(&database.autocommit().users().list(Page::default()).await));
}

#[tokio::test]
async fn a_time_beyond_all_calendars_in_the_database_is_an_internal_failure() {
    let database = open().await;
    let id = add_user(&database, "ana").await.id;
    tamper(&database, "UPDATE users SET created_at = 9223372036854775807").await;
    assert!(is_internal(&database.autocommit().users().find(id).await));
}

#[tokio::test]
async fn a_nul_in_a_hash_never_panics() {
    let database = open().await;
    let id = add_user(&database, "ana").await.id;
    let mut ports = database.autocommit();
    assert!(!database.committing().still_has(id, Some(&hash("$old\0"))).await.unwrap_or(false));
    assert!(!database.committing().replace_hash(id, Some(&hash("$\0")), &hash("$\0")).await.unwrap_or(false));
    let _ = ports.users().insert(&NewUser { hash: Some(hash("\0")), ..new_user("bob") }).await;
    assert!(database.committing().still_has(id, Some(&hash("$old"))).await.unwrap());
}

#[tokio::test]
async fn a_deleted_account_is_found_by_nothing_and_its_rows_go_in_batches() {
    let database = open().await;
    let (ana, bob) = (add_user(&database, "ana").await.id, add_user(&database, "bob").await.id);
    let hash = database.autocommit().users().credentials(ana).await.unwrap().unwrap().hash;
    for number in 1..=5 {
        add_session(&database, ana, number).await;
    }
    let pending =
        Pending { user: ana, email: email("ana"), token: SecretHash::of("t"), purpose: Purpose::Verify };
    assert!(database.autocommit().verifications().replace(&pending, at(0), at(-60), at(3600)).await.unwrap());
    assert!(database.committing().mark_deleted(ana, at(0)).await.unwrap());
    assert!(!database.committing().mark_deleted(ana, at(1)).await.unwrap(), "only once");
    let mut ports = database.autocommit();
    assert_eq!(ports.users().find(ana).await.unwrap(), None);
    assert!(ports.users().credentials(ana).await.unwrap().is_none());
    assert!(ports.users().credentials_of(&named("ana")).await.unwrap().is_none());
    assert_eq!(ports.users().count_present(&[&email("ana").into(), &email("bob").into()]).await.unwrap(), 1);
    let ids: Vec<_> = ports.users().list(Page::default()).await.unwrap().iter().map(|user| user.id).collect();
    assert_eq!(ids, [bob]);
    assert!(ports.sessions().live(new_session(ana, 1).id).await.unwrap().is_none());
    assert!(ports.verifications().find(&SecretHash::of("t"), at(0)).await.unwrap().is_none());
    let enable = UserChange { disabled: Some(false), ..UserChange::default() };
    assert_eq!(database.committing().update(ana, &enable).await.unwrap(), None);
    assert!(!database.committing().still_has(ana, hash.as_ref()).await.unwrap());
    assert!(!database.committing().change_email(ana, &email("ana2")).await.unwrap());
    let again = add_user(&database, "ana").await.id;
    assert!(again > bob, "the name is free, and the id is not given again");

    assert_eq!(ports.users().deleted(UserId(0), 9).await.unwrap(), [ana]);
    assert_eq!(database.committing().remove_some(bob, 2).await.unwrap(), 0, "of deleted accounts alone");
    for removed in [2, 2, 1, 0] {
        assert_eq!(database.committing().remove_some(ana, 2).await.unwrap(), removed);
    }
    assert!(database.committing().delete(ana).await.unwrap());
    assert_eq!(ports.users().deleted(UserId(0), 9).await.unwrap(), []);
}
