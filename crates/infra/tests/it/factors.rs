//! Second factors, and what is good once.

use std::sync::{Arc, Mutex};

use keyward_auth::SecretHash;
use keyward_domain::model::factors::{Factors, TotpOffer};
use keyward_domain::model::spent::OnceId;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::announce::{Change, Subscriber};
use keyward_domain::ports::store::Store;
use keyward_domain::values::ids::UserId;
use keyward_infra::database::store::Database;

use crate::support::{add_user, at, open};

/// What was announced.
#[derive(Default)]
struct Noted(Mutex<Vec<Change>>);

impl Subscriber for Noted {
    fn changed(&self, change: Change) {
        self.0.lock().unwrap().push(change);
    }
}

impl Noted {
    fn take(&self) -> Vec<Change> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn offer(user: UserId, secret: &[u8], expires: i64) -> TotpOffer {
    TotpOffer { user, secret: secret.to_vec(), expires_at: at(expires) }
}

async fn accept(database: &Database, offer: &TotpOffer, step: i64) -> bool {
    let mut tx = database.begin().await.unwrap();
    let accepted = tx.factor_changes().accept_totp(offer, step, at(1)).await.unwrap();
    tx.commit().await.unwrap();
    accepted
}

#[tokio::test]
async fn an_app_counts_once_its_offer_was_accepted() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let mut ports = database.autocommit();
    let (first, second) = (offer(ana, b"first", 100), offer(ana, b"second", 100));
    ports.factors().offer_totp(&first).await.unwrap();
    assert_eq!(ports.factors().totp_offer(ana, at(1)).await.unwrap(), Some(first.clone()));
    assert_eq!(ports.factors().totp_offer(ana, at(100)).await.unwrap(), None);
    assert_eq!(ports.factors().totp(ana).await.unwrap(), None);
    assert_eq!(
        ports.factors().of_user(ana).await.unwrap(),
        Factors::default(),
        "an offered app does not count yet"
    );
    ports.factors().offer_totp(&second).await.unwrap();
    assert!(!accept(&database, &first, 7).await, "another one took its place");
    assert!(accept(&database, &second, 7).await);
    assert!(!accept(&database, &second, 8).await, "it was accepted");
    let app = ports.factors().totp(ana).await.unwrap().unwrap();
    assert_eq!((app.secret, app.last_step, app.since), (b"second".to_vec(), 7, at(1)));
    assert_eq!(ports.factors().of_user(ana).await.unwrap().totp, ports.factors().totp(ana).await.unwrap());
    assert_eq!(ports.factors().of_user(UserId(4711)).await.unwrap(), Factors::default());
    // The next one takes its place.
    let third = offer(ana, b"third", 100);
    ports.factors().offer_totp(&third).await.unwrap();
    assert!(accept(&database, &third, 3).await);
    assert_eq!(ports.factors().totp(ana).await.unwrap().unwrap().last_step, 3);
    let nobody = offer(UserId(ana.0 + 1), b"x", 100);
    assert!(matches!(ports.factors().offer_totp(&nobody).await, Err(StoreError::Dangling)));
}

#[tokio::test]
async fn of_parallel_uses_of_a_step_one_succeeds_and_earlier_ones_are_void() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let offer = offer(ana, b"secret", 100);
    database.autocommit().factors().offer_totp(&offer).await.unwrap();
    accept(&database, &offer, 5).await;
    let using = |step| {
        let database = database.database.clone();
        tokio::spawn(async move {
            let mut tx = database.begin().await.unwrap();
            let used = tx.factor_changes().use_step(ana, step).await.unwrap();
            tx.commit().await.unwrap();
            used
        })
    };
    let tasks: Vec<_> = (0..16).map(|_| using(9)).collect();
    let mut used = 0;
    for task in tasks {
        used += usize::from(task.await.unwrap());
    }
    assert_eq!(used, 1);
    assert!(!using(8).await.unwrap() && !using(9).await.unwrap() && using(10).await.unwrap());
}

#[tokio::test]
async fn recovery_codes_are_used_once_and_replaced_all_together() {
    let database = open().await;
    let (ana, eve) = (add_user(&database, "ana").await.id, add_user(&database, "eve").await.id);
    let codes = ["a", "b", "c"].map(SecretHash::of);
    let mut tx = database.begin().await.unwrap();
    tx.factor_changes().replace_recovery_codes(ana, &codes).await.unwrap();
    assert!(tx.factor_changes().use_recovery_code(ana, &codes[0]).await.unwrap());
    assert!(!tx.factor_changes().use_recovery_code(ana, &codes[0]).await.unwrap());
    assert!(!tx.factor_changes().use_recovery_code(eve, &codes[1]).await.unwrap());
    tx.commit().await.unwrap();
    let mut ports = database.autocommit();
    assert_eq!(ports.factors().recovery_codes(ana).await.unwrap(), 2);
    assert_eq!(ports.factors().of_user(ana).await.unwrap().recovery_codes, 2);
    assert!(ports.factors().has_recovery_code(ana, &codes[1]).await.unwrap());
    assert!(!ports.factors().has_recovery_code(ana, &codes[0]).await.unwrap());
    let mut tx = database.begin().await.unwrap();
    tx.factor_changes().replace_recovery_codes(ana, &[]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ports.factors().recovery_codes(ana).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_good_once_is_spent_once_and_not_by_a_transaction_that_is_dropped() {
    let database = open().await;
    let id = OnceId([7; 16]);
    let mut tx = database.begin().await.unwrap();
    assert!(tx.spent().spend(id, at(10)).await.unwrap());
    drop(tx);
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let database = database.database.clone();
            tokio::spawn(async move {
                let mut tx = database.begin().await.unwrap();
                let first = tx.spent().spend(id, at(10)).await.unwrap();
                tx.commit().await.unwrap();
                first
            })
        })
        .collect();
    let mut spent = 0;
    for task in tasks {
        spent += usize::from(task.await.unwrap());
    }
    assert_eq!(spent, 1);
    let mut ports = database.autocommit();
    assert_eq!(ports.spent().forget(at(9)).await.unwrap(), 0);
    assert_eq!(ports.spent().forget(at(10)).await.unwrap(), 1);
    assert!(ports.spent().spend(id, at(20)).await.unwrap());
}

#[tokio::test]
async fn a_change_of_factors_is_announced_and_what_is_over_is_forgotten() {
    let database = open().await;
    let ana = add_user(&database, "ana").await.id;
    let heard = Arc::new(Noted::default());
    database.subscribe(heard.clone());
    let offer = offer(ana, b"secret", 100);
    database.autocommit().factors().offer_totp(&offer).await.unwrap();
    assert_eq!(heard.take(), []);
    accept(&database, &offer, 1).await;
    assert_eq!(heard.take(), [Change::User(ana)]);
    let mut tx = database.begin().await.unwrap();
    assert!(tx.factor_changes().remove_totp(ana).await.unwrap());
    assert!(!tx.factor_changes().remove_totp(ana).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(heard.take(), [Change::User(ana)]);
    let mut ports = database.autocommit();
    ports.factors().offer_totp(&offer).await.unwrap();
    assert_eq!(ports.factors().forget_offers(at(99)).await.unwrap(), 0);
    assert_eq!(ports.factors().forget_offers(at(100)).await.unwrap(), 1);
}
