//! Calls of the repositories of sessions, refreshes and the revocation feed.

use keyward_auth::{ScopeSet, Thumbprint};
use keyward_domain::model::revocations::Position;
use keyward_domain::model::sessions::{Session, Spend};
use keyward_domain::ports::store::{Repositories, Transaction};
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::origin::Device;
use keyward_domain::values::proof::{Method, Proof};
use time::{Duration, OffsetDateTime};

use crate::Inspector;
use crate::accounts::{after, session};
use crate::data::THEN;

pub(crate) async fn all(inspector: &mut Inspector) {
    sessions(inspector).await;
    revocations(inspector).await;
}

async fn refreshes(inspector: &mut Inspector, number: i64) {
    inspector
        .of("sessions.advance", async |db| {
            assert!(db.sessions().advance(session(number), 0, None, after(1)).await.unwrap());
        })
        .await;
    let key = Thumbprint::parse("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I").unwrap();
    inspector
        .of("sessions.bind", async |db| {
            assert!(db.sessions().bind(session(number), 0, &key).await.unwrap());
        })
        .await;
    let spends = [number, number + 2].map(|number| Spend {
        session: session(number),
        counter: 0,
        salt: session(number).0.into_bytes(),
        now: after(1),
        seen_after: after(-1),
        created_after: after(-1),
    });
    inspector
        .of("sessions.spend", async |db| {
            assert_eq!(db.sessions().spend(&spends).await.unwrap().len(), 2);
        })
        .await;
}

async fn sessions(inspector: &mut Inspector) {
    let number = inspector.rows / 3 + 1 - (inspector.rows / 3) % 2;
    let (id, user) = (session(number), UserId(number));
    let new = Session {
        id: session(0),
        user,
        scope: ScopeSet::parse("posts:read").unwrap(),
        client: None,
        parent: None,
        opened_in: None,
        audience: Vec::new(),
        device: Device::default(),
        created_at: after(0),
        last_seen_at: after(0),
        proof: Proof::new(after(0), &[Method::Password]),
        counter: 0,
        key: None,
        salt: [0; 16],
    };
    inspector.of("sessions.insert", async |db| db.sessions().insert(&new).await.unwrap()).await;
    inspector
        .of("sessions.live", async |db| {
            db.sessions().live(id).await.unwrap().unwrap();
        })
        .await;
    inspector
        .of("sessions.addresses", async |db| {
            assert_eq!(db.sessions().addresses(user, 100).await.unwrap().len(), 1);
        })
        .await;
    inspector
        .of("sessions.prove", async |db| {
            assert!(db.session_proofs().prove(user, id, &new.proof).await.unwrap());
        })
        .await;
    inspector
        .of("sessions.of_user", async |db| {
            assert_eq!(db.sessions().of_user(user, None, 200).await.unwrap().len(), 1);
        })
        .await;
    refreshes(inspector, number).await;
    inspector
        .of("sessions.revoke", async |db| {
            assert!(db.session_endings().revoke(user, id, after(1)).await.unwrap());
        })
        .await;
    inspector
        .of("sessions.ended", async |db| {
            assert!(db.session_endings().revoke(user, id, after(1)).await.unwrap());
            assert!(db.sessions().ended(id).await.unwrap().is_some());
        })
        .await;
    inspector
        .of("sessions.revoke_reused", async |db| {
            assert!(db.session_endings().revoke_reused(user, id, after(1)).await.unwrap());
        })
        .await;
    inspector
        .of("sessions.revoke_all", async |db| {
            assert_eq!(db.session_endings().revoke_all(user, Some(session(0)), after(1)).await.unwrap(), 1);
        })
        .await;
    inspector
        .of("sessions.revoke_surplus", async |db| {
            assert!(
                db.session_endings().revoke_surplus(user, 1_000, after(1), 500).await.unwrap().is_empty()
            );
        })
        .await;
    inspector
        .of("sessions.revoke_surplus_of_client", async |db| {
            let client = ClientId::parse("client-9").unwrap();
            for parent in [None, Some(session(0))] {
                let ended =
                    db.session_endings().revoke_surplus_of_client(user, parent, &client, 10, after(1));
                assert!(ended.await.unwrap().is_empty());
            }
        })
        .await;
    inspector
        .of("sessions.count_by_user", async |db| {
            assert_eq!(db.sessions().count_by_user(user, 10).await.unwrap().len(), 10);
        })
        .await;
    let client = ClientId::parse("client-9").unwrap();
    inspector
        .of("sessions.revoke_some_of_client", async |db| {
            assert_eq!(db.session_endings().revoke_some_of_client(&client, after(1), 1).await.unwrap(), 1);
        })
        .await;
    // Everything was seen within the first rows' microseconds.
    let long_ago = OffsetDateTime::UNIX_EPOCH + Duration::microseconds(THEN + 25);
    inspector
        .of("sessions.remove_over", async |db| {
            let next_day = long_ago + Duration::days(1);
            assert!(db.sessions().remove_over(long_ago, next_day, 10).await.unwrap() > 0);
        })
        .await;
}

async fn revocations(inspector: &mut Inspector) {
    inspector
        .of("revocations.after", async |db| {
            let first = db.revocations().after(&Position::default(), 100).await.unwrap().unwrap();
            let next = db.revocations().after(&first.position, 100).await.unwrap().unwrap();
            assert!(first.revocations.len() == 100 && next.revocations.len() == 100);
        })
        .await;
    let long_ago = OffsetDateTime::UNIX_EPOCH + Duration::microseconds(THEN + 20);
    inspector
        .of("revocations.forget", async |db| {
            assert!(db.revocations().forget(long_ago).await.unwrap() > 0);
        })
        .await;
}
