//! Units of work that are in each other's way on PostgreSQL: refused as such, with nothing kept. On SQLite writers
//! queue, and none ever is.

use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::UserChange;
use keyward_domain::ports::store::Store;
use keyward_infra::database::store::Database;

use crate::support::{Opened, add_session, add_user, at, hash, open};

/// A database whose transactions must look as if one had followed the other; `None` on SQLite.
async fn serializable() -> Option<(Opened, Database)> {
    let opened = open().await;
    if !opened.home.is_postgres() {
        return None;
    }
    let name = opened.home.url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    let sql = format!("ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'");
    opened.home.execute(&sql).await;
    let database = opened.home.connect().await;
    Some((opened, database))
}

#[tokio::test]
async fn a_transaction_that_cannot_be_serialized_is_contended_and_leaves_no_trace() {
    let Some((_opened, database)) = serializable().await else { return };
    let ana = add_user(&database, "ana").await.id;
    let (mut one, mut two) = (database.begin().await.unwrap(), database.begin().await.unwrap());
    assert!(one.users().find(ana).await.unwrap().is_some());
    assert!(two.users().find(ana).await.unwrap().is_some());
    assert!(one.user_changes().replace_hash(ana, Some(&hash("$old")), &hash("$one")).await.unwrap());
    one.commit().await.unwrap();
    let refused = two.user_changes().replace_hash(ana, Some(&hash("$old")), &hash("$two")).await;
    assert!(matches!(refused, Err(StoreError::Contended(_))), "{refused:?}");
    drop(two);
    assert_eq!(
        database.autocommit().users().credentials(ana).await.unwrap().unwrap().hash,
        Some(hash("$one"))
    );
}

#[tokio::test]
async fn of_transactions_that_wait_for_each_other_one_is_contended_and_the_other_commits() {
    let database = open().await;
    if !database.home.is_postgres() {
        return;
    }
    let (ana, bob) = (add_user(&database, "ana").await.id, add_user(&database, "bob").await.id);
    let disable = UserChange { disabled: Some(true), ..UserChange::default() };
    let (mut one, mut two) = (database.begin().await.unwrap(), database.begin().await.unwrap());
    one.user_changes().update(ana, &disable).await.unwrap();
    two.user_changes().update(bob, &disable).await.unwrap();
    let other = tokio::spawn({
        let disable = disable.clone();
        async move {
            two.user_changes().update(ana, &disable).await?;
            two.commit().await
        }
    });
    let first = match one.user_changes().update(bob, &disable).await {
        Ok(_) => one.commit().await,
        Err(error) => {
            drop(one);
            Err(error)
        }
    };
    let outcomes = [first, other.await.unwrap()];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    let contended = |outcome: &&Result<(), StoreError>| matches!(outcome, Err(StoreError::Contended(_)));
    assert_eq!(outcomes.iter().filter(contended).count(), 1, "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_of_its_own_is_repeated_until_it_is_through() {
    let Some((_opened, database)) = serializable().await else { return };
    let ana = add_user(&database, "ana").await.id;
    let session = add_session(&database, ana, 1).await.id;
    for counter in 0..5 {
        let tries: Vec<_> = (0..16)
            .map(|_| {
                let database = database.clone();
                tokio::spawn(async move {
                    database.autocommit().sessions().advance(session, counter, None, at(1)).await
                })
            })
            .collect();
        let mut won = 0;
        for advanced in tries {
            won += u32::from(advanced.await.unwrap().unwrap());
        }
        assert_eq!(won, 1, "round {counter}");
    }
}
