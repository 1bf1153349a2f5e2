//! Calls of the repository of browser sessions.

use keyward_auth::SecretHash;
use keyward_domain::ports::store::Repositories;
use time::Duration;

use crate::Inspector;
use crate::accounts::{after, session as id};
use crate::data::bytes;

pub(crate) async fn all(inspector: &mut Inspector) {
    // Of a session that stands.
    let number = inspector.rows / 600 * 20 + 1;
    let hash = SecretHash::from_bytes(bytes(number, 32).try_into().unwrap());
    let session = id(number);
    let now = after(3_600);
    inspector
        .of("browser_sessions.live", async |db| {
            assert_eq!(db.browser_sessions().live(&hash).await.unwrap().unwrap().session.id, session);
        })
        .await;
    inspector
        .of("browser_sessions.renew", async |db| {
            assert!(db.browser_sessions().renew(session, &hash, &SecretHash::of("new")).await.unwrap());
        })
        .await;
    inspector
        .of("browser_sessions.note_use", async |db| {
            db.browser_sessions().note_use(session, now, now - Duration::MINUTE).await.unwrap();
        })
        .await;
    let other = id(inspector.rows - 1);
    inspector
        .of("browser_sessions.insert", async |db| {
            db.browser_sessions().insert(other, &SecretHash::of("new")).await.unwrap();
        })
        .await;
}
