//! Accounts without a password.

use std::sync::Arc;

use keyward_auth::{
    Argon2Params, Argon2idHasher, Password, PasswordHash, PasswordHasher, SystemRandom, Verdict,
};
use keyward_domain::model::users::NewUser;
use keyward_domain::ports::store::Store;
use keyward_infra::testing::rows;

use crate::support::{Commits, hash, new_user, open};

#[tokio::test]
async fn an_account_without_a_password_gets_one_and_keeps_it() {
    let database = open().await;
    let new = NewUser { hash: None, ..new_user("ana") };
    let id = database.autocommit().users().insert(&new).await.unwrap().id;
    let found = database.autocommit().users().credentials(id).await.unwrap().unwrap();
    assert_eq!(found.hash, None);
    assert!(database.committing().still_has(id, None).await.unwrap());
    assert!(!database.committing().still_has(id, Some(&hash("$old"))).await.unwrap());
    assert!(!database.committing().replace_hash(id, Some(&hash("$old")), &hash("$new")).await.unwrap());
    assert!(database.committing().replace_hash(id, None, &hash("$new")).await.unwrap());
    assert!(!database.committing().replace_hash(id, None, &hash("$newer")).await.unwrap());
    assert!(!database.committing().still_has(id, None).await.unwrap());
    let found = database.autocommit().users().credentials(id).await.unwrap().unwrap();
    assert_eq!(found.hash, Some(hash("$new")));
}

/// A program of the version before reads the column as a hash. It has to be one that no password has, not one that cannot
/// be read.
#[tokio::test]
async fn what_stands_for_no_password_is_a_hash_that_never_matches() {
    let database = open().await;
    let new = NewUser { hash: None, ..new_user("ana") };
    database.autocommit().users().insert(&new).await.unwrap();
    let table = ["users".to_owned()];
    let mut users = rows::read(database.connection(), &table).await.remove("users").unwrap();
    let stored = users[0].remove("password_hash").unwrap().unwrap();
    let stored = PasswordHash::from_stored(stored.trim_matches('\'').to_owned());
    let hasher = Argon2idHasher::new(Argon2Params::default(), Arc::new(SystemRandom)).unwrap();
    for password in ["", "a long pass phrase", stored.as_str()] {
        assert_eq!(hasher.verify(&Password::new(password), &stored), Ok(Verdict::Mismatch), "{password:?}");
    }
}
