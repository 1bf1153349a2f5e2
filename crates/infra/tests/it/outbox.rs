//! The outbox: every mail is one caller's at a time, and what became of it is kept.

use std::collections::BTreeSet;

use keyward_domain::model::mail::{Lane, Sealed};
use keyward_domain::model::outbox::{Claimed, MailState, Outcome, Recipients};
use keyward_domain::ports::store::Store;
use keyward_domain::values::email::Email;
use keyward_domain::values::ids::MailId;
use keyward_infra::database::store::Database;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::support::{at, email, open};

/// A mail, told from others by its number.
pub(crate) fn mail(number: u8) -> Sealed {
    Sealed {
        reference: Uuid::from_bytes([number; 16]),
        lane: Lane::Code,
        created_at: at(0),
        recipient: email("ana"),
        subject: format!("Mail {number}"),
        text: vec![0, 255, number],
        html: b"sealed".to_vec(),
    }
}

async fn enqueue(database: &Database, number: u8) {
    database.autocommit().outbox().enqueue(&mail(number)).await.unwrap();
}

async fn claim(database: &Database, now: OffsetDateTime) -> Option<Claimed> {
    claim_in(database, Lane::Code, &Recipients::ANY, now).await
}

async fn claim_in(database: &Database, lane: Lane, to: &Recipients, now: OffsetDateTime) -> Option<Claimed> {
    database.autocommit().outbox().claim(lane, to, now, now + Duration::minutes(5)).await.unwrap()
}

async fn settle(database: &Database, mail: &Claimed, outcome: Outcome) -> bool {
    database.autocommit().outbox().settle(mail.id, mail.until, &outcome).await.unwrap()
}

#[tokio::test]
async fn a_mail_is_claimed_as_it_was_kept_and_by_nobody_else_meanwhile() {
    let database = open().await;
    enqueue(&database, 1).await;
    assert!(claim(&database, at(-1)).await.is_none(), "it is not due before it was written");
    let mail = claim(&database, at(0)).await.unwrap();
    assert!(mail.mail == self::mail(1));
    assert_eq!((mail.attempt, mail.until), (1, at(300)));
    assert!(claim(&database, at(299)).await.is_none());
    let again = claim(&database, at(300)).await.unwrap();
    assert_eq!((again.id, again.attempt), (mail.id, 2));
    // A worker that was too slow cannot settle it any more.
    assert!(!settle(&database, &mail, Outcome::Sent(at(301))).await);
    assert!(settle(&database, &again, Outcome::Sent(at(301))).await);
    assert!(claim(&database, at(10_000)).await.is_none());
}

#[tokio::test]
async fn a_mail_that_was_sent_keeps_nothing_of_what_it_said_and_is_forgotten_in_time() {
    let database = open().await;
    enqueue(&database, 1).await;
    let mail = claim(&database, at(0)).await.unwrap();
    assert!(settle(&database, &mail, Outcome::Sent(at(1))).await);
    let mut repositories = database.autocommit();
    assert_eq!(repositories.outbox().retry(Some(mail.id), at(2)).await.unwrap(), 0);
    assert_eq!(repositories.outbox().count(MailState::Sent).await.unwrap(), 1);
    assert_eq!(repositories.outbox().count(MailState::Waiting).await.unwrap(), 0);
    let listed = repositories.outbox().list(Some(MailState::Sent), 10).await.unwrap();
    assert_eq!((listed.len(), listed[0].at, listed[0].attempts), (1, at(1), 1));
    assert_eq!(repositories.outbox().forget(at(1)).await.unwrap(), 0);
    assert_eq!(repositories.outbox().forget(at(2)).await.unwrap(), 1);
    assert!(repositories.outbox().list(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_mail_that_failed_comes_again_when_it_is_due_and_a_dead_one_when_it_is_retried() {
    let database = open().await;
    enqueue(&database, 1).await;
    enqueue(&database, 2).await;
    let mail = claim(&database, at(0)).await.unwrap();
    let reason = format!("busy\0{}", "x".repeat(1_000));
    assert!(settle(&database, &mail, Outcome::Later(at(60), reason)).await);
    let other = claim(&database, at(1)).await.unwrap();
    assert_ne!(other.id, mail.id);
    assert!(settle(&database, &other, Outcome::Dead(at(2), "no such user".to_owned())).await);
    assert!(claim(&database, at(59)).await.is_none());
    let again = claim(&database, at(60)).await.unwrap();
    assert_eq!((again.id, again.attempt), (mail.id, 2));
    assert!(settle(&database, &again, Outcome::Sent(at(61))).await);

    let mut repositories = database.autocommit();
    let dead = repositories.outbox().list(Some(MailState::Dead), 10).await.unwrap();
    assert_eq!((dead.len(), dead[0].last_error.as_deref()), (1, Some("no such user")));
    assert_eq!(repositories.outbox().retry(Some(MailId(99)), at(70)).await.unwrap(), 0);
    assert_eq!(repositories.outbox().retry(None, at(70)).await.unwrap(), 1);
    let revived = claim(&database, at(70)).await.unwrap();
    assert_eq!((revived.id, revived.attempt), (other.id, 1));
    assert!(revived.mail == self::mail(2));
}

#[tokio::test]
async fn a_mail_whose_transaction_is_dropped_was_never_there() {
    let database = open().await;
    let mut tx = database.begin().await.unwrap();
    tx.outbox().enqueue(&mail(1)).await.unwrap();
    drop(tx);
    assert!(claim(&database, at(0)).await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_claim_at_once_each_mail_is_one_callers() {
    let database = open().await;
    for number in 0..40 {
        enqueue(&database, number).await;
    }
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let database = database.database.clone();
            tokio::spawn(async move {
                let mut own = Vec::new();
                while let Some(mail) = claim(&database, at(0)).await {
                    own.push(mail.id);
                }
                own
            })
        })
        .collect();
    let mut claimed = Vec::new();
    for task in tasks {
        claimed.extend(task.await.unwrap());
    }
    assert_eq!(claimed.len(), 40);
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>().len(), 40);
}

#[tokio::test]
async fn a_lane_is_claimed_by_itself_and_a_domain_can_be_passed_over() {
    let database = open().await;
    for (number, lane, local) in [(1, Lane::Other, "ana"), (2, Lane::Notice, "bob"), (3, Lane::Notice, "eve")]
    {
        let recipient = Email::from_stored(format!("{local}@{local}.example"));
        let mail = Sealed { lane, recipient, ..mail(number) };
        database.autocommit().outbox().enqueue(&mail).await.unwrap();
    }
    assert!(claim(&database, at(0)).await.is_none(), "there is no code");
    let domains = vec!["bob.example".to_owned(), "b.example".to_owned()];
    let passed_over = Recipients::AllBut(domains.clone());
    let absent = Recipients::Only(vec!["b.example".to_owned(), "ob.example".to_owned()]);
    assert!(claim_in(&database, Lane::Notice, &absent, at(0)).await.is_none(), "no one is at these domains");
    assert!(claim_in(&database, Lane::Notice, &Recipients::Only(vec![]), at(0)).await.is_none());
    let eve = claim_in(&database, Lane::Notice, &passed_over, at(0)).await.unwrap();
    assert_eq!((eve.mail.recipient.as_str(), eve.mail.lane), ("eve@eve.example", Lane::Notice));
    assert!(claim_in(&database, Lane::Notice, &passed_over, at(0)).await.is_none());
    assert_eq!(
        claim_in(&database, Lane::Notice, &Recipients::Only(domains), at(0))
            .await
            .unwrap()
            .mail
            .recipient
            .as_str(),
        "bob@bob.example"
    );
    assert_eq!(
        claim_in(&database, Lane::Other, &Recipients::ANY, at(0)).await.unwrap().mail.lane,
        Lane::Other
    );
}
