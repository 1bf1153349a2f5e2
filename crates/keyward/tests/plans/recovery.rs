//! Calls of what guards and recovers accounts: attempts, recoveries and verifications.

use keyward_auth::SecretHash;
use keyward_domain::model::attempts::{AttemptKey, Budget};
use keyward_domain::model::recoveries::NewRecovery;
use keyward_domain::model::verifications::{Pending, Purpose};
use keyward_domain::ports::store::Repositories;
use keyward_domain::values::email::Email;
use keyward_domain::values::ids::UserId;
use time::{Duration, OffsetDateTime};

use crate::Inspector;
use crate::accounts::{after, email, key, named, session};
use crate::data::THEN;

pub(crate) async fn all(inspector: &mut Inspector) {
    attempts(inspector).await;
    recoveries(inspector).await;
    verifications(inspector).await;
}

async fn attempts(inspector: &mut Inspector) {
    let some = AttemptKey(key(inspector.rows / 30));
    inspector
        .of("attempts.blocked_until", async |db| {
            assert_eq!(db.attempts().blocked_until(some, after(9)).await.unwrap(), None);
        })
        .await;
    let budget = Budget {
        free: 5,
        first: Duration::seconds(1),
        cap: Duration::minutes(15),
        forgive: Some(Duration::seconds(10)),
    };
    inspector
        .of("attempts.fail", async |db| {
            assert!(db.attempts().fail(some, after(9), budget).await.unwrap());
        })
        .await;
    inspector.of("attempts.take_back", async |db| db.attempts().take_back(some, budget).await.unwrap()).await;
    inspector.of("attempts.clear", async |db| db.attempts().clear(some).await.unwrap()).await;
    let long_ago = OffsetDateTime::UNIX_EPOCH + Duration::microseconds(THEN + 20);
    inspector
        .of("attempts.forget", async |db| {
            assert!(db.attempts().forget(long_ago).await.unwrap() > 0);
        })
        .await;
    let number = inspector.rows / 3;
    let (address, id) = (named(number), session(number));
    inspector
        .of("attempts.addresses_of", async |db| {
            assert_eq!(db.attempts().addresses_of(&address).await.unwrap().len(), 1);
        })
        .await;
    inspector
        .of("attempts.salt_of", async |db| {
            assert!(db.attempts().salt_of(&address, id).await.unwrap().is_some());
        })
        .await;
}

async fn recoveries(inspector: &mut Inspector) {
    let number = inspector.rows / 30;
    let new = NewRecovery {
        owner: AttemptKey(key(number)),
        user: Some(UserId(number)),
        token: SecretHash::of("new"),
        expires_at: after(9),
    };
    let token = SecretHash::from_bytes(key(number));
    let before = after(-1);
    inspector.of("recoveries.replace", async |db| db.recoveries().replace(&new).await.unwrap()).await;
    inspector
        .of("recoveries.find", async |db| {
            db.recoveries().find(&token, before).await.unwrap().unwrap();
        })
        .await;
    inspector
        .of("recoveries.spend", async |db| {
            assert!(db.recoveries().spend(&token, before).await.unwrap());
        })
        .await;
    let user = UserId(number);
    inspector.of("recoveries.forget_of", async |db| db.recoveries().forget_of(user).await.unwrap()).await;
    let long_ago = OffsetDateTime::UNIX_EPOCH + Duration::microseconds(THEN + 20);
    inspector
        .of("recoveries.forget", async |db| {
            assert!(db.recoveries().forget(long_ago).await.unwrap() > 0);
        })
        .await;
}

async fn verifications(inspector: &mut Inspector) {
    let number = inspector.rows / 30;
    let (user, token) = (UserId(number), SecretHash::from_bytes(key(number)));
    let address = Email::parse(&format!("new{number}@example.com")).unwrap();
    let new = Pending { user, purpose: Purpose::Verify, email: email(number), token: SecretHash::of("new") };
    let (before, now) = (after(-1), after(9));
    inspector
        .of("verifications.replace", async |db| {
            assert!(db.verifications().replace(&new, now, now, now).await.unwrap());
        })
        .await;
    inspector
        .of("verifications.kept_at", async |db| {
            assert!(db.verifications().kept_at(user, Purpose::Change).await.unwrap().is_some());
        })
        .await;
    inspector
        .of("verifications.count_try", async |db| {
            assert_eq!(db.verifications().count_try(&address, before, 5).await.unwrap().len(), 1);
        })
        .await;
    inspector
        .of("verifications.find", async |db| {
            db.verifications().find(&token, before).await.unwrap().unwrap();
        })
        .await;
    inspector
        .of("verifications.spend", async |db| {
            assert!(db.verifications().spend(&token, before).await.unwrap().is_some());
        })
        .await;
    inspector
        .of("verifications.forget_of", async |db| db.verifications().forget_of(user).await.unwrap())
        .await;
    let long_ago = OffsetDateTime::UNIX_EPOCH + Duration::microseconds(THEN + 20);
    inspector
        .of("verifications.forget", async |db| {
            assert!(db.verifications().forget(long_ago).await.unwrap() > 0);
        })
        .await;
}
