//! Calls of the repositories of keys, clients, jobs and events.

use keyward_auth::{Algorithm, ScopeSet, SecretHash};
use keyward_domain::model::clients::{Client, ClientChange, ClientSettings};
use keyward_domain::model::events::{Event, EventKind};
use keyward_domain::model::jobs::Job;
use keyward_domain::model::keys::StoredKey;
use keyward_domain::ports::store::Repositories;
use keyward_domain::values::by::By;
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::origin::Origin;
use keyward_domain::values::text::Text;
use time::{Duration, OffsetDateTime};

use crate::Inspector;
use crate::accounts::after;
use crate::data::THEN;

pub(crate) async fn all(inspector: &mut Inspector) {
    let client = Client {
        id: ClientId::parse("client-new").unwrap(),
        secret: Some(SecretHash::of("secret")),
        settings: ClientSettings::new(Text::parse("New").unwrap(), ScopeSet::parse("posts:read").unwrap()),
        created_at: after(0),
    };
    let known = ClientId::parse(&format!("client-{}", inspector.rows / 30)).unwrap();
    inspector.of("clients.insert", async |db| db.clients().insert(&client).await.unwrap()).await;
    inspector
        .of("clients.find", async |db| {
            db.clients().find(&known).await.unwrap().unwrap();
        })
        .await;
    inspector
        .of("clients.change", async |db| {
            let change = ClientChange { first_party: Some(true), ..ClientChange::default() };
            assert!(db.clients().change(&known, &change).await.unwrap());
        })
        .await;
    inspector
        .of("clients.replace_secret", async |db| {
            assert!(db.clients().replace_secret(&known, &SecretHash::of("new")).await.unwrap());
        })
        .await;
    inspector
        .of("clients.hold", async |db| {
            assert!(db.clients().hold(&known).await.unwrap());
        })
        .await;
    inspector
        .of("clients.remove", async |db| {
            assert!(db.clients().remove(&known).await.unwrap());
        })
        .await;
    // All of them is what an operator asks for.
    inspector
        .costs("clients.count", async |db| {
            assert!(db.clients().count().await.unwrap() > 0);
        })
        .await;
    inspector
        .costs("clients.list", async |db| {
            assert!(!db.clients().list().await.unwrap().is_empty());
        })
        .await;
    let stored = StoredKey {
        kid: "kid".to_owned(),
        algorithm: Algorithm::EdDsa,
        sealed: vec![1],
        created_at: after(0),
        signs_from: after(0),
        retired_at: None,
    };
    inspector.of("keys.insert", async |db| db.keys().insert(&stored).await.unwrap()).await;
    inspector
        .of("keys.of", async |db| {
            db.keys().of(Algorithm::EdDsa).await.unwrap();
        })
        .await;
    inspector
        .of("keys.all", async |db| {
            db.keys().all().await.unwrap();
        })
        .await;
    inspector
        .of("keys.retire", async |db| {
            db.keys().retire("kid", after(1)).await.unwrap();
        })
        .await;
    events(inspector).await;
    inspector
        .of("jobs.claim", async |db| {
            assert!(db.jobs().claim(Job::CleanSessions, after(0), after(1)).await.unwrap());
        })
        .await;
}

async fn events(inspector: &mut Inspector) {
    let event = Event::new(after(0), EventKind::LoginOk, By::SYSTEM, &Origin::default());
    inspector.of("events.append", async |db| db.events().append(&event).await.unwrap()).await;
    for after in [None, Some(inspector.rows - 10)] {
        inspector
            .of("events.newest", async |db| {
                assert!(db.events().newest(after, 50).await.unwrap().len() >= 10);
            })
            .await;
    }
    let last = inspector.rows - 10;
    inspector
        .of("events.since", async |db| {
            assert!(db.events().since(last, 50).await.unwrap().len() >= 10);
        })
        .await;
    let own = UserId(inspector.rows / 2);
    for after in [None, Some(1)] {
        inspector
            .of("events.of_user", async |db| {
                db.events().of_user(own, after, 50).await.unwrap();
            })
            .await;
    }
    inspector
        .of("events.writers", async |db| {
            db.events().writers().await.unwrap();
            // SQLite has one writer, and is asked nothing.
            db.events().since(last, 1).await.unwrap();
        })
        .await;
    let long_ago = OffsetDateTime::UNIX_EPOCH + Duration::microseconds(THEN + 20);
    inspector
        .of("events.forget", async |db| assert!(db.events().forget(long_ago, 10).await.unwrap() > 0))
        .await;
}
