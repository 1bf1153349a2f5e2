//! When jobs are due.

use keyward_domain::model::jobs::Job;
use keyward_domain::ports::store::Store;

use crate::support::{at, open};

#[tokio::test]
async fn a_job_is_claimed_once_until_it_is_due_again() {
    let database = open().await;
    let claim = async |now, next| {
        database.autocommit().jobs().claim(Job::CleanSessions, at(now), at(next)).await.unwrap()
    };
    assert!(claim(0, 60).await);
    assert!(!claim(0, 60).await);
    assert!(!claim(59, 119).await);
    assert!(claim(60, 120).await);
    assert!(database.autocommit().jobs().claim(Job::RotateKeys, at(0), at(60)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_replicas_one_claims_a_job() {
    let database = open().await;
    for round in [0, 60] {
        let claims: Vec<_> = (0..32)
            .map(|_| {
                let database = database.database.clone();
                tokio::spawn(async move {
                    database.autocommit().jobs().claim(Job::CleanSessions, at(round), at(round + 60)).await
                })
            })
            .collect();
        let mut won = 0;
        for claim in claims {
            won += u32::from(claim.await.unwrap().unwrap());
        }
        assert_eq!(won, 1);
    }
}
