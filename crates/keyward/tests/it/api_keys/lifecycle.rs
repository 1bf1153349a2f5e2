//! Making, listing and removing one's own keys.

use keyward_api::testing::app::TestApp;
use keyward_auth::ApiKey;
use keyward_domain::identity::api_keys::MOST;
use keyward_domain::model::events::EventKind;
use keyward_domain::values::by::Means;
use keyward_domain::values::ids::ApiKeyId;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::{holder, made, program};
use crate::app::{Starts, Writes};
use crate::events::events;
use crate::factors::phone::{back, enrolled};

#[tokio::test]
async fn a_key_is_shown_once_and_good_until_it_is_removed() {
    let app = TestApp::start().await;
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    let body = json!({ "name": "nightly\nbackup", "scope": "posts:read posts:write" });
    let answer = made(&ana, body).await;
    let text = answer["key"].as_str().unwrap();
    let pattern = text.strip_prefix("kwp_").unwrap();
    assert!(pattern.len() == 38 && pattern.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
    assert!(ApiKey::hash_of(text).is_some(), "its checksum is right");
    let id = &answer["id"];
    let shown = json!({
        "id": id, "name": "nightly\nbackup", "scope": "posts:read posts:write",
        "created_at": answer["created_at"], "expires_at": null, "last_used_at": null,
    });
    let listed = ana.get("/users/me/api-keys").await.assert_status(200);
    assert_eq!(listed.json(), json!([shown]));

    let program = holder(&ana, &answer);
    let post = program.writes("Written by a program", true).await;
    assert_eq!(ana.get(&format!("/posts/{post}")).await.json()["owner"]["id"], json!(ana.id));
    program.get("/cart").await.assert_status(403);
    let me = program.get("/users/me").await.assert_status(200).json();
    assert_eq!(me["email"], ana.email);

    let letter = app.letter().await;
    assert_eq!(letter.recipient.as_str(), ana.email);
    let name = "nightly backup";
    assert!(!letter.letter.text.contains(name), "the address may be a stranger's: {}", letter.letter.text);
    assert!(letter.letter.text.contains("posts:read posts:write") && !letter.letter.text.contains(text));

    let path = format!("/users/me/api-keys/{id}");
    eve.delete(&path).await.assert_status(404);
    program.get("/users/me").await.assert_status(200);
    ana.delete(&path).await.assert_status(204);
    program.get("/users/me").await.assert_gone("a removed key");
    assert_eq!(ana.delete(&path).await.assert_status(404).code(), "not_found");
    assert_eq!(ana.get("/users/me/api-keys").await.json(), json!([]));
    let kinds = [EventKind::ApiKeyMade, EventKind::ApiKeyRemoved];
    let noted: Vec<_> = events(&app).await.into_iter().filter(|event| kinds.contains(&event.kind)).collect();
    assert_eq!(noted.iter().map(|event| event.kind).collect::<Vec<_>>(), kinds);
    for event in noted {
        assert!(event.detail.unwrap().starts_with(&id.to_string()) && event.session.is_some());
    }
}

#[tokio::test]
async fn what_cannot_be_a_key_is_refused() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for (body, loc) in [
        (json!({}), "name"),
        (json!({ "name": "" }), "name"),
        (json!({ "name": "n".repeat(101) }), "name"),
        (json!({ "name": "k", "expires_in_days": 0 }), "expires_in_days"),
        (json!({ "name": "k", "expires_in_days": 3651 }), "expires_in_days"),
        (json!({ "name": "k", "scope": 7 }), "scope"),
    ] {
        let answer = ana.post("/users/me/api-keys", body.clone()).await.assert_status(422);
        assert_eq!(answer.fault()["loc"], json!(["body", loc]), "{body}");
    }
    for scope in ["admin", "nonsense", "enrol", "account", "posts:read admin", "\"x\""] {
        let body = json!({ "name": "k", "scope": scope });
        let answer = ana.post("/users/me/api-keys", body).await.assert_status(400);
        assert_eq!(answer.code(), "invalid_scope", "{scope}");
    }
    assert_eq!(ana.get("/users/me/api-keys").await.json(), json!([]));
}

#[tokio::test]
async fn a_key_is_good_for_no_more_than_the_token_that_made_it() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let login =
        json!({ "username": "ana@example.com", "password": "seven wild horses", "scope": "posts:read" });
    let tokens = app.anonymous().post("/login", login).await.assert_status(200).json();
    let narrow = app.bearer(tokens["access_token"].as_str().unwrap());
    assert_eq!(made(&narrow, json!({ "name": "k" })).await["scope"], "posts:read");
    let wider = json!({ "name": "k", "scope": "posts:write" });
    assert_eq!(narrow.post("/users/me/api-keys", wider).await.assert_status(400).code(), "invalid_scope");
    let root = app.admin("root").await;
    let nothing = made(&root, json!({ "name": "k", "scope": " " })).await;
    assert_eq!(nothing["scope"], "", "a form with nothing chosen does not stand for everything");
    let reader = holder(&root, &nothing);
    reader.get("/users/me").await.assert_status(200);
    reader.get("/posts").await.assert_status(403);
    let all = made(&root, json!({ "name": "k" })).await;
    assert_eq!(all["scope"], "admin catalog:write posts:read posts:write shop");
}

#[tokio::test]
async fn a_session_that_ended_makes_no_key_on_another_replica_either() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let elsewhere = app.replica().bearer(ana.token());
    // What is remembered there lets the token in, until the revocation bound.
    elsewhere.get("/users/me").await.assert_status(200);
    ana.post("/logout/all", json!({})).await.assert_status(204);
    elsewhere.post("/users/me/api-keys", json!({ "name": "k" })).await.assert_status(401);
    let again = app.log_in("ana").await;
    assert_eq!(again.get("/users/me/api-keys").await.json(), json!([]));
}

#[tokio::test]
async fn making_a_key_asks_for_a_fresh_login_and_for_the_second_factor_where_there_is_one() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let make = json!({ "name": "k" });
    let weak = ana.person.post("/users/me/api-keys", make.clone()).await.assert_status(401);
    assert_eq!(weak.code(), "insufficient_user_authentication");
    assert!(weak.header("www-authenticate").contains("aal2"), "{weak:?}");
    let strong = back(&app, "ana", &ana.phone).await;
    made(&strong, make.clone()).await;
    app.clock.advance(Duration::seconds(301));
    let stale = strong.post("/users/me/api-keys", make).await.assert_status(401);
    assert_eq!(stale.code(), "insufficient_user_authentication");
    assert!(stale.header("www-authenticate").contains("max_age=\"300\""), "{stale:?}");
}

#[tokio::test]
async fn an_account_has_so_many_keys_and_those_that_are_over_make_room() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let passing = json!({ "name": "passing", "expires_in_days": 1 });
    for _ in 0..3 {
        made(&ana, passing.clone()).await;
    }
    let calls = (0..MOST + 5).map(|_| {
        let ana = ana.clone();
        tokio::spawn(
            async move { ana.post("/users/me/api-keys", json!({ "name": "k" })).await.status.as_u16() },
        )
    });
    let mut statuses = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        statuses.push(call.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 201).count() as u64, MOST - 3, "{statuses:?}");
    let full = ana.post("/users/me/api-keys", passing.clone()).await.assert_status(409);
    assert_eq!(full.code(), "account_full");
    app.clock.advance(Duration::days(1));
    let ana = app.log_in("ana").await;
    made(&ana, passing).await;
    let names: Vec<Value> = ana.get("/users/me/api-keys").await.json().as_array().unwrap().clone();
    assert_eq!(names.len() as u64, MOST - 3 + 1);
}

#[tokio::test]
async fn a_key_is_refused_at_the_very_second_it_expires() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let answer = made(&ana, json!({ "name": "k", "expires_in_days": 30 })).await;
    let program = holder(&ana, &answer);
    let end = OffsetDateTime::parse(answer["expires_at"].as_str().unwrap(), &Rfc3339).unwrap();
    let left = end - keyward_domain::values::clock::Clock::now(&*app.clock);
    assert!(left <= Duration::days(30) && left > Duration::days(30) - Duration::seconds(10), "{left}");
    app.clock.advance(left - Duration::seconds(10));
    program.get("/users/me").await.assert_status(200);
    app.clock.advance(Duration::seconds(10));
    let over = program.get("/users/me").await.assert_status(401);
    assert_eq!((&*over.code(), &*over.detail()), ("token_expired", "Token expired"));
}

#[tokio::test]
async fn an_event_names_the_key_that_something_was_done_through() {
    let by = keyward_domain::values::by::By::user(
        keyward_domain::values::ids::UserId(1),
        Means::ApiKey(ApiKeyId(7)),
    );
    assert_eq!(by.via.as_ref().unwrap().to_string(), "api_key:7");
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    program(&ana).await;
    let event = keyward_domain::model::events::Event::new(
        OffsetDateTime::UNIX_EPOCH,
        EventKind::SessionEnded,
        by.clone(),
        &keyward_domain::values::origin::Origin::default(),
    );
    app.ports.store.autocommit().events().append(&event).await.unwrap();
    assert_eq!(events(&app).await.last().unwrap().by, by);
}
