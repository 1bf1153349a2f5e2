//! Calls of the outbox.

use keyward_domain::model::mail::{Lane, Sealed};
use keyward_domain::model::outbox::{MailState, Outcome, Recipients};
use keyward_domain::ports::store::Repositories;
use keyward_domain::values::ids::MailId;
use time::Duration;
use uuid::Uuid;

use crate::Inspector;
use crate::accounts::{after, email};

pub(crate) async fn all(inspector: &mut Inspector) {
    let mail = Sealed {
        reference: Uuid::from_bytes([1; 16]),
        lane: Lane::Code,
        created_at: after(0),
        recipient: email(1),
        subject: "New".to_owned(),
        text: vec![1],
        html: vec![1],
    };
    let (now, until) = (after(9), after(9) + Duration::minutes(5));
    // The first that waits, as the data has it.
    let waiting = MailId(100);
    let due = after(0) + Duration::microseconds(100);
    inspector
        .of("outbox.enqueue", async |db| {
            db.outbox().enqueue(&mail).await.unwrap();
        })
        .await;
    inspector.of("outbox.withdraw", async |db| db.outbox().withdraw(waiting).await.unwrap()).await;
    inspector
        .of("outbox.claim", async |db| {
            let slow = vec!["slow.example".to_owned()];
            let (others, these) = (Recipients::AllBut(slow.clone()), Recipients::Only(slow));
            assert!(db.outbox().claim(Lane::Code, &others, now, until).await.unwrap().is_some());
            assert!(db.outbox().claim(Lane::Other, &these, now, until).await.unwrap().is_none());
        })
        .await;
    inspector
        .of("outbox.settle", async |db| {
            assert!(db.outbox().settle(waiting, due, &Outcome::Sent(now)).await.unwrap());
        })
        .await;
    inspector
        .of("outbox.find", async |db| {
            assert!(db.outbox().find(waiting).await.unwrap().is_some());
        })
        .await;
    for state in [None, Some(MailState::Sent)] {
        inspector
            .of("outbox.list", async |db| {
                db.outbox().list(state, 50).await.unwrap();
            })
            .await;
    }
    inspector
        .of("outbox.count", async |db| assert!(db.outbox().count(MailState::Dead).await.unwrap() > 0))
        .await;
    inspector
        .of("outbox.retry", async |db| {
            assert_eq!(db.outbox().retry(Some(waiting), now).await.unwrap(), 1);
        })
        .await;
    let long_ago = after(0) + Duration::microseconds(20);
    inspector
        .of("outbox.forget", async |db| {
            assert!(db.outbox().forget(long_ago).await.unwrap() > 0);
        })
        .await;
}
