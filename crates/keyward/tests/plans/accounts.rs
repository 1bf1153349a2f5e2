//! Calls of the repositories around accounts.

use keyward_auth::{Algorithm, PasswordHash, ScopeSet, SecretHash, Thumbprint};
use keyward_domain::model::attempts::{AttemptKey, Budget};
use keyward_domain::model::clients::{Client, ClientChange, ClientSettings};
use keyward_domain::model::events::{Event, EventKind};
use keyward_domain::model::jobs::Job;
use keyward_domain::model::keys::StoredKey;
use keyward_domain::model::recoveries::NewRecovery;
use keyward_domain::model::revocations::Position;
use keyward_domain::model::sessions::{Session, Spend};
use keyward_domain::model::users::ImportedUser;
use keyward_domain::model::users::{NewUser, UserChange};
use keyward_domain::model::verifications::{Pending, Purpose};
use keyward_domain::ports::store::{Repositories, Transaction};
use keyward_domain::values::by::By;
use keyward_domain::values::email::Email;
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::ids::SessionId;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::names::{LoginName, Username};
use keyward_domain::values::origin::Device;
use keyward_domain::values::origin::Origin;
use keyward_domain::values::page::Page;
use keyward_domain::values::proof::{Method, Proof};
use keyward_domain::values::scopes::Role;
use keyward_domain::values::text::Text;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::Inspector;
use crate::data::{THEN, bytes};

/// So long after everything happened.
pub(crate) fn after(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::microseconds(THEN) + Duration::seconds(seconds)
}

pub(crate) fn email(number: i64) -> Email {
    Email::parse(&format!("user{number}@example.com")).unwrap()
}

fn username(number: i64) -> Username {
    Username::parse(&format!("user{number}")).unwrap()
}

fn named(number: i64) -> LoginName {
    LoginName::Email(email(number))
}

pub(crate) fn session(number: i64) -> SessionId {
    SessionId(Uuid::from_slice(&bytes(number, 16)).unwrap())
}

fn key(number: i64) -> [u8; 32] {
    bytes(number, 32).try_into().unwrap()
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_stored(text.to_owned())
}

pub(crate) async fn all(inspector: &mut Inspector) {
    users(inspector).await;
    sessions(inspector).await;
    attempts(inspector).await;
    recoveries(inspector).await;
    verifications(inspector).await;
    revocations(inspector).await;
    others(inspector).await;
}

#[expect(clippy::too_many_lines, reason = "one call after another")]
async fn users(inspector: &mut Inspector) {
    let some = UserId(inspector.rows / 3);
    let new = NewUser {
        names: Email::parse("new@example.com").unwrap().into(),
        name: None,
        role: Role::User,
        hash: Some(hash("$hash")),
        created_at: after(0),
    };
    inspector
        .of("users.insert", async |db| {
            db.users().insert(&new).await.unwrap();
        })
        .await;
    inspector
        .of("users.find", async |db| {
            db.users().find(some).await.unwrap().unwrap();
        })
        .await;
    inspector
        .of("users.credentials", async |db| {
            db.users().credentials(some).await.unwrap().unwrap();
        })
        .await;
    let (address, by_email) = (email(some.0), named(some.0));
    let by_username = LoginName::Username(username(some.0));
    inspector
        .of("users.credentials_of", async |db| {
            db.users().credentials_of(&by_email).await.unwrap().unwrap();
            db.users().credentials_of(&by_username).await.unwrap().unwrap();
        })
        .await;
    let change = UserChange { disabled: Some(true), ..UserChange::default() };
    inspector
        .of("users.update", async |db| {
            db.user_changes().update(some, &change).await.unwrap().unwrap();
        })
        .await;
    let (old, new) = (hash("$hash"), hash("$new"));
    inspector
        .of("users.replace_hash", async |db| {
            assert!(db.user_changes().replace_hash(some, Some(&old), &new).await.unwrap());
        })
        .await;
    inspector
        .of("users.still_has", async |db| {
            assert!(db.user_changes().still_has(some, Some(&old)).await.unwrap());
        })
        .await;
    let other = Email::parse("other@example.com").unwrap();
    inspector
        .of("users.verify", async |db| assert!(db.user_changes().verify(some, &address).await.unwrap()))
        .await;
    inspector
        .of("users.change_email", async |db| {
            assert!(db.user_changes().change_email(some, &other).await.unwrap());
        })
        .await;
    let imported = ImportedUser {
        new: NewUser {
            names: Email::parse("imported@example.com").unwrap().into(),
            name: None,
            role: Role::User,
            hash: Some(hash("$hash")),
            created_at: after(0),
        },
        disabled: false,
        email_verified: true,
    };
    inspector
        .of("users.insert_missing", async |db| {
            assert_eq!(db.users().insert_missing(std::slice::from_ref(&imported)).await.unwrap(), 1);
        })
        .await;
    inspector
        .of("users.count_present", async |db| {
            assert_eq!(db.users().count_present(&[&email(5).into(), &username(6).into()]).await.unwrap(), 2);
        })
        .await;
    inspector
        .of("users.hold", async |db| {
            db.user_changes().hold(some).await.unwrap().unwrap();
        })
        .await;
    inspector
        .of("users.administrators", async |db| {
            assert_eq!(db.user_changes().administrators(2).await.unwrap(), []);
        })
        .await;
    inspector
        .of("users.mark_deleted", async |db| {
            assert!(db.user_changes().mark_deleted(some, after(0)).await.unwrap());
        })
        .await;
    inspector
        .of("users.deleted", async |db| {
            assert_eq!(db.users().deleted(UserId(0), 9).await.unwrap(), []);
        })
        .await;
    inspector
        .of("users.remove_some", async |db| {
            assert!(db.user_changes().mark_deleted(some, after(0)).await.unwrap());
            assert!(db.user_changes().remove_some(some, 500).await.unwrap() > 0);
        })
        .await;
    inspector
        .of("users.delete", async |db| {
            assert!(db.user_changes().delete(some).await.unwrap());
        })
        .await;
    let deep = Some(inspector.rows / 2);
    let list = async |inspector: &mut Inspector, after| {
        let page = Page { limit: 50, after };
        inspector
            .costs("users.list", async |db| {
                assert_eq!(db.users().list(page).await.unwrap().len(), 51);
            })
            .await
    };
    let (first, deep) = (list(inspector, None).await, list(inspector, deep).await);
    inspector.pages("users.list", "all", first, deep);
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

async fn others(inspector: &mut Inspector) {
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
