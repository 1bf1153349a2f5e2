//! Keys at the OAuth2 endpoints, and in a service of one's own.

use std::sync::Arc;
use std::time::Duration;

use keyward_api::testing::app::TestApp;
use keyward_guard::{Authenticator, Credential, Refusal, RemoteAuthenticator};
use serde_json::{Value, json};

use super::{holder, made, program};
use crate::app::Starts;
use crate::client::Front;
use crate::feed::serve;
use crate::oauth::{basic, form, register_for, secret};

async fn introspect(app: &TestApp, token: &str) -> Value {
    let call = form(app, "/oauth/introspect", &[("token", token)]);
    call.header("authorization", basic("web", &secret("web"))).send().await.assert_status(200).json()
}

#[tokio::test]
async fn introspection_knows_a_key_and_what_it_is_good_for_now() {
    let app = TestApp::start().await;
    register_for(&app, "web", "").await;
    let (root, other) = (app.admin("root").await, app.admin("other").await);
    let body = json!({ "name": "k", "scope": "admin posts:read", "expires_in_days": 1 });
    let answer = made(&other, body).await;
    let program = holder(&other, &answer);
    let state = introspect(&app, program.token()).await;
    assert_eq!(state["sub"], json!(other.id.to_string()));
    assert_eq!((&state["active"], &state["scope"]), (&json!(true), &json!("admin posts:read")));
    assert_eq!((state.get("sid"), state.get("auth_time")), (None, None));
    let day = state["exp"].as_i64().unwrap() - state["iat"].as_i64().unwrap();
    assert!((86_399..=86_400).contains(&day), "{state}");
    let listed = other.get("/users/me/api-keys").await.json();
    assert!(listed[0]["last_used_at"].is_string(), "a question of another service is a use: {listed}");

    root.patch(&format!("/users/{}", other.id), json!({ "role": "user" })).await.assert_status(200);
    assert_eq!(introspect(&app, program.token()).await["scope"], "posts:read");
    let revoke = form(&app, "/oauth/revoke", &[("token", program.token())]);
    let refused =
        revoke.header("authorization", basic("web", &secret("web"))).send().await.assert_status(400);
    assert_eq!(
        (&*refused.code(), &refused.json()["error"]),
        ("not_revocable", &json!("unsupported_token_type"))
    );
    app.clock.advance(time::Duration::days(1));
    assert_eq!(introspect(&app, program.token()).await, json!({ "active": false }), "over by age");
    assert_eq!(introspect(&app, "kwp_x").await, json!({ "active": false }));
}

#[tokio::test]
async fn a_service_of_ones_own_takes_a_key_by_introspection_and_refuses_it_within_the_bound() {
    let (app, issuer) = serve().await;
    register_for(&app, "invoices", "revocations:read").await;
    let ana = app.user("ana").await;
    let program = program(&ana).await;
    let bound = Duration::from_secs(1);
    let guard = RemoteAuthenticator::builder(&issuer)
        .follow_revocations("invoices", &secret("invoices"))
        .revocation_bound(bound)
        .accept_api_keys()
        .discover()
        .await
        .unwrap();
    let guard: Arc<dyn Authenticator> = Arc::new(guard);
    let principal = guard.authenticate(program.token()).await.unwrap();
    assert_eq!((principal.subject, principal.credential), (ana.id.to_string(), Credential::ApiKey));
    assert!(principal.scope.contains("posts:write"));
    let keys = ana.get("/users/me/api-keys").await.json();
    ana.delete(&format!("/users/me/api-keys/{}", keys[0]["id"])).await.assert_status(204);
    tokio::time::sleep(bound).await;
    assert_eq!(guard.authenticate(program.token()).await, Err(Refusal::InvalidToken));
}

#[tokio::test]
async fn a_program_sends_a_key_by_way_of_keyward_client() {
    let front = Front::start().await;
    let ana = front.app.user("ana").await;
    let program = program(&ana).await;
    let session = front.keyward.with_api_key(program.token()).unwrap();
    let me = session.get("/users/me").send().await.unwrap();
    assert_eq!(me.status(), 200);
    assert!(!format!("{session:?}").contains(program.token()));
    assert_eq!(session.token().await.unwrap(), program.token());
    assert!(front.keyward.with_api_key("kwr_x").is_err(), "that is no API key");
    let keys = ana.get("/users/me/api-keys").await.json();
    ana.delete(&format!("/users/me/api-keys/{}", keys[0]["id"])).await.assert_status(204);
    let refreshes = front.refreshes();
    assert_eq!(session.get("/users/me").send().await.unwrap().status(), 401);
    assert_eq!(front.refreshes(), refreshes, "there is nothing to refresh");
}
