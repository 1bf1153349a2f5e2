//! The record of security events: what happened, to whom, through which session, from where; and never a secret.

use std::sync::Arc;

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::call::Call;
use keyward_api::testing::person::Person;
use keyward_auth::{Algorithm, MasterSecret, SystemRandom};
use keyward_domain::keys::signing_keys::Keys;
use keyward_domain::model::events::{Event, EventKind};
use keyward_domain::model::lifetimes::Lifetimes;
use keyward_domain::oauth::clients::{Administration, Clients};
use keyward_domain::upkeep::cleaning::Housekeeping;
use keyward_domain::values::by::By;
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::origin::Origin;
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::oauth::{basic, form, register, secret};
use crate::sessions::{holder, refreshed, session_of};

/// Everything that was recorded, oldest first.
pub(crate) async fn events(app: &TestApp) -> Vec<Event> {
    let rows = app.ports.store.autocommit().events().newest(None, 10_000).await.unwrap();
    rows.into_iter().map(|(_, event)| event).collect()
}

/// A call from a certain address, agent and request id.
fn marked(call: Call, id: &str) -> Call {
    call.from("192.0.2.9").header("user-agent", "Marked/1").header("x-request-id", id)
}

/// Who did it, and through what, as `keyward events` shows it.
fn by(event: &Event) -> (String, String) {
    (event.by.who.to_string(), event.by.via.as_ref().map(ToString::to_string).unwrap_or_default())
}

/// A person, through their session.
fn through(person: &Person) -> (String, String) {
    (format!("user:{}", person.id), format!("session:{}", session_of(person)))
}

async fn log_in(app: &TestApp, id: &str, password: &str) -> Option<Person> {
    let login = json!({ "username": address("ana"), "password": password });
    let answer = marked(app.anonymous().call("POST", "/login").json(&login), id).send().await;
    (answer.status == 200).then(|| holder(app, &answer.json()))
}

/// The only event of the request with that id, which must say where it came from.
async fn event(app: &TestApp, id: &str, kind: EventKind) -> Event {
    let all = events(app).await;
    let found: Vec<&Event> =
        all.iter().filter(|event| event.origin.request_id.as_deref() == Some(id)).collect();
    assert_eq!(found.len(), 1, "{id}: {found:?}");
    assert_eq!(found[0].kind, kind, "{id}");
    assert_eq!(found[0].origin.device.ip.unwrap().to_string(), "192.0.2.9", "{id}");
    assert_eq!(found[0].origin.device.user_agent.as_deref(), Some("Marked/1"), "{id}");
    found[0].clone()
}

#[tokio::test]
async fn logins_and_failed_ones_are_recorded_with_session_address_and_request() {
    let app = TestApp::start().await;
    let id = app.user("ana").await.id;
    let ana = log_in(&app, "good", PASSWORD).await.unwrap();
    let good = event(&app, "good", EventKind::LoginOk).await;
    assert_eq!((good.user.unwrap().0, good.session), (id, Some(session_of(&ana))));
    assert_eq!(by(&good), through(&Person { id, ..ana }));
    assert!(log_in(&app, "bad", "a wrong pass phrase").await.is_none());
    let bad = event(&app, "bad", EventKind::LoginFailed).await;
    assert_eq!((bad.user.unwrap().0, bad.session, bad.by.clone()), (id, None, By::UNKNOWN));
    let stranger = json!({ "username": "nobody@example.com", "password": PASSWORD });
    let call = app.anonymous().call("POST", "/login").json(&stranger);
    marked(call, "stranger").send().await.assert_status(401);
    let stranger = event(&app, "stranger", EventKind::LoginFailed).await;
    assert_eq!((stranger.user, stranger.session), (None, None));
    assert!(!format!("{stranger:?}").contains("nobody@"), "what was typed is not kept");
    let account = json!({ "email": "eve@example.com", "password": PASSWORD });
    marked(app.anonymous().call("POST", "/signup").json(&account), "signup").send().await.assert_status(201);
    assert!(event(&app, "signup", EventKind::LoginOk).await.session.is_some());
}

#[tokio::test]
async fn what_happens_to_sessions_and_accounts_is_recorded() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let id = app.user("ana").await.id;
    let ends: [(&str, &str); 2] = [("/logout", "out"), ("/logout/all", "all-out")];
    for (path, request) in ends {
        let ana = log_in(&app, &format!("in-{request}"), PASSWORD).await.unwrap();
        marked(ana.call("POST", path), request).send().await.assert_status(204);
        let ended = event(&app, request, EventKind::SessionEnded).await;
        assert_eq!((ended.user.unwrap().0, ended.session), (id, Some(session_of(&ana))));
    }
    let (ana, other) = (app.log_in("ana").await, app.log_in("ana").await);
    let delete = ana.call("DELETE", &format!("/sessions/{}", session_of(&other)));
    marked(delete, "end-other").send().await.assert_status(204);
    let ended = event(&app, "end-other", EventKind::SessionEnded).await;
    assert_eq!((ended.session, by(&ended)), (Some(session_of(&other)), through(&ana)));
    let change = json!({ "current_password": PASSWORD, "new_password": "another fine phrase" });
    let call = ana.call("POST", "/users/me/password").json(&change);
    marked(call, "change").send().await.assert_status(204);
    let changed = event(&app, "change", EventKind::PasswordChanged).await;
    assert_eq!((changed.user.unwrap().0, changed.session), (id, Some(session_of(&ana))));
    assert_eq!(by(&changed), through(&ana));
    let path = format!("/users/{id}");
    let steps: [(Value, &str, EventKind); 3] = [
        (json!({ "role": "admin" }), "role", EventKind::RoleChanged),
        (json!({ "disabled": true }), "lock", EventKind::UserDisabled),
        (json!({ "disabled": false }), "unlock", EventKind::UserEnabled),
    ];
    for (change, request, kind) in steps {
        marked(root.call("PATCH", &path).json(&change), request).send().await.assert_status(200);
        let found = event(&app, request, kind).await;
        assert_eq!((found.user.unwrap().0, by(&found)), (id, through(&root)), "{request}");
    }
    marked(root.call("DELETE", &path), "delete").send().await.assert_status(204);
    let deleted = event(&app, "delete", EventKind::UserDeleted).await;
    assert_eq!((deleted.user.unwrap().0, by(&deleted)), (id, through(&root)));
}

#[tokio::test]
async fn keys_that_come_and_go_are_recorded() {
    let app = TestApp::start().await;
    let master = Arc::new(MasterSecret::generate(&SystemRandom));
    let keys = Keys::new(app.ports.clone(), master, Duration::minutes(15));
    keys.ring(Algorithm::EdDsa).await.unwrap();
    let kid = keys.rotate(Algorithm::EdDsa, Duration::minutes(10), By::SYSTEM).await.unwrap();
    keys.retire(&kid, By::command("keys retire")).await.unwrap();
    let events = events(&app).await;
    let seen: Vec<_> = events.iter().map(|event| (event.kind, event.detail.as_deref(), by(event))).collect();
    let operator = ("operator".to_owned(), "command:keys retire".to_owned());
    assert_eq!(
        seen,
        [
            (EventKind::KeyRotated, Some(kid.as_str()), ("system".to_owned(), String::new())),
            (EventKind::KeyRetired, Some(kid.as_str()), operator)
        ]
    );
}

#[tokio::test]
async fn what_a_client_and_a_command_did_is_recorded_as_theirs() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    register(&app, "web").await;
    let revoke = form(&app, "/oauth/revoke", &[("token", &ana.refresh)]);
    revoke.header("authorization", basic("web", &secret("web"))).send().await.assert_status(200);
    let web = ClientId::parse("web").unwrap();
    let origin = Origin::default();
    let who = Administration::command("client remove", &origin);
    Clients::new(app.ports.clone()).remove(&web, &who).await.unwrap();
    let seen: Vec<_> = events(&app).await.iter().map(|event| (event.kind, by(event))).collect();
    let pair = |who: &str, via: &str| (who.to_owned(), via.to_owned());
    assert!(seen.contains(&(EventKind::SessionEnded, pair("client:web", ""))), "{seen:?}");
    assert!(
        seen.contains(&(EventKind::ClientRemoved, pair("operator", "command:client remove"))),
        "{seen:?}"
    );
}

#[tokio::test]
async fn no_event_holds_a_password_or_a_token() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let wrong = "a wrong pass phrase";
    assert!(log_in(&app, "wrong", wrong).await.is_none());
    let call =
        app.anonymous().call("POST", "/login").json(&json!({ "username": PASSWORD, "password": wrong }));
    call.send().await.assert_status(401);
    let next = refreshed(&app, &ana.refresh).await;
    let last = refreshed(&app, &next.refresh).await;
    app.clock.advance(Duration::seconds(11));
    crate::sessions::assert_spent(&app, &ana.refresh, "a replay").await;
    let again = app.log_in("ana").await;
    let new = "another fine phrase";
    let change = json!({ "current_password": PASSWORD, "new_password": new });
    again.post("/users/me/password", change).await.assert_status(204);
    again.call("POST", "/logout").send().await.assert_status(204);
    let everything = format!("{:?}", events(&app).await);
    assert!(everything.contains("RefreshReused"));
    let mut secrets = vec![PASSWORD, wrong, new];
    for person in [&ana, &next, &last, &again] {
        secrets.extend([person.token(), person.refresh.as_str(), person.token().rsplit('.').next().unwrap()]);
    }
    for secret in secrets {
        assert!(!everything.contains(secret), "{secret} was recorded");
    }
}

#[tokio::test]
async fn events_are_forgotten_when_they_are_old_and_only_where_that_is_wanted() {
    let app = TestApp::start().await;
    app.user("ana").await;
    app.clock.advance(Duration::days(300));
    app.user("bob").await;
    app.clock.advance(Duration::days(101));
    let housekeeping = Housekeeping::new(app.ports.clone(), Lifetimes::default());
    housekeeping.clean().await.unwrap();
    assert_eq!(events(&app).await.len(), 2, "for ever, unless told otherwise");
    app.clock.advance(Duration::minutes(2));
    housekeeping.forgetting_events(Some(Duration::days(400))).clean().await.unwrap();
    let left = events(&app).await;
    assert_eq!(left.len(), 1);
    assert!(left[0].at > app.ports.clock.now() - Duration::days(400));
}
