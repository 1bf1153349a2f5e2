//! The refusals that operations have from what they take, asked for at each operation that documents them.
//!
//! `TestApp` fails on an answer that is not documented. `cargo xtask test` finds what is documented and never answered; what an
//! operation shares with all others is therefore asked for here.

use axum::body::{Body, Bytes};
use axum::http::header::AUTHORIZATION;
use http_body_util::{Full, Limited};
use keyward_api::testing::app::TestApp;
use keyward_api::testing::call::Call;
use keyward_api::testing::document::Operation;
use keyward_api::testing::person::Person;
use keyward_api::testing::schema;
use serde_json::{Value, json};
use time::Duration;

use crate::api_keys::guessing::unknown;
use crate::app::{Starts, document, operations};
use crate::oauth::{basic, log_in, register_for, secret, token};

/// A body that breaks off.
fn broken() -> Body {
    Body::new(Limited::new(Full::<Bytes>::from("x=1"), 1))
}

/// The codes of an operation's refusals with this status, by the document.
fn codes<'a>(operation: &'a Operation, status: &str) -> Vec<&'a str> {
    let examples = &operation.spec["responses"][status]["content"]["application/json"]["examples"];
    examples.as_object().into_iter().flatten().map(|(code, _)| code.as_str()).collect()
}

fn has(operation: &Operation, status: &str, code: &str) -> bool {
    codes(operation, status).contains(&code)
}

/// A caller whom every lock lets in.
struct Caller {
    root: Person,
    client: String,
}

impl Caller {
    async fn new(app: &TestApp) -> Self {
        register_for(app, "web", "revocations:read").await;
        Self { root: app.admin("root").await, client: basic("web", &secret("web")) }
    }

    /// A call of the operation, whose path has this in place of its parameters, and this query.
    fn call(&self, operation: &Operation, id: &str, query: &str) -> Call {
        let steps = operation.path.split('/').map(|step| if step.starts_with('{') { id } else { step });
        let path = format!("{}{query}", steps.collect::<Vec<_>>().join("/"));
        let call = self.root.call(&operation.method, &path);
        if operation.locked() && !operation.for_users() {
            call.without(AUTHORIZATION.as_str()).header("authorization", &self.client)
        } else {
            call
        }
    }

    /// A call that fits, but for the body.
    fn with_id(&self, operation: &Operation, query: &str) -> Call {
        let id = match operation.path.split('/').nth(1) {
            Some("sessions") => "0193a5c0-0000-7000-8000-000000000000",
            Some("clients") => "no-such-client",
            _ => "999999",
        };
        self.call(operation, id, query)
    }
}

/// A media type that the operation accepts.
fn media(operation: &Operation) -> &str {
    operation.spec["requestBody"]["content"].as_object().unwrap().keys().next().unwrap()
}

#[tokio::test]
async fn each_operation_with_a_body_refuses_one_that_it_cannot_read() {
    let app = TestApp::start().await;
    let caller = Caller::new(&app).await;
    // That has a lock of its own: `userinfo.rs` asks for the same of it.
    let others = |operation: &&Operation| operation.path != "/oauth/userinfo";
    let with_body = operations().iter().filter(|operation| operation.spec["requestBody"].is_object());
    for operation in with_body.filter(others) {
        let media = media(operation);
        let calls = [
            (413, "body_too_large", caller.with_id(operation, "").body(media, vec![b'x'; 2 << 20])),
            (415, "unsupported_media_type", caller.with_id(operation, "").body("text/plain", "x")),
            (400, "unreadable_body", caller.with_id(operation, "").body(media, broken())),
            (400, "credentials_in_query", caller.with_id(operation, "?password=x").body(media, "x=1")),
        ];
        for (status, code, call) in calls {
            let name = format!("{} {}", operation.method, operation.path);
            assert!(has(operation, &status.to_string(), code), "{name} does not document {code}");
            let answer = call.send().await;
            assert_eq!((answer.status.as_u16(), &*answer.code()), (status, code), "{name}");
        }
    }
}

#[tokio::test]
async fn each_operation_that_documents_faulty_fields_has_some() {
    let app = TestApp::start().await;
    let caller = Caller::new(&app).await;
    for operation in operations().iter().filter(|operation| has(operation, "422", "validation")) {
        let call = if operation.path.contains('{') {
            // Almost any text is the id of a client.
            let is_client = operation.path.starts_with("/clients/");
            caller.call(operation, if is_client { "%2B" } else { "x" }, "")
        } else {
            caller.call(operation, "", "?limit=x&wait=x&token=x&token=y")
        };
        let has_body = operation.spec["requestBody"].is_object();
        let call = if has_body { call.body("application/json", "[]") } else { call };
        let answer = call.send().await;
        assert_eq!(&*answer.code(), "validation", "{} {}", operation.method, operation.path);
        assert_eq!(answer.status, 422);
    }
}

#[tokio::test]
async fn each_lock_stays_shut_for_tokens_that_are_no_longer_good() {
    let app = TestApp::start().await;
    let caller = Caller::new(&app).await;
    app.clock.advance(Duration::hours(1));
    // Its tokens are for another audience: `userinfo.rs` has the same of them.
    let of_clients = |operation: &&Operation| operation.path != "/oauth/userinfo";
    for operation in operations().iter().filter(|operation| operation.for_users()).filter(of_clients) {
        let name = format!("{} {}", operation.method, operation.path);
        let own = ["insufficient_user_authentication"];
        let shared: Vec<_> = codes(operation, "401").into_iter().filter(|code| !own.contains(code)).collect();
        assert_eq!(shared, ["invalid_token", "not_authenticated", "token_expired"], "{name}");
        let expired = caller.with_id(operation, "").send().await;
        assert_eq!((expired.status.as_u16(), &*expired.code()), (401, "token_expired"), "{name}");
        let forged =
            caller.with_id(operation, "").without("authorization").header("authorization", "Bearer x.y.z");
        assert_eq!(&*forged.send().await.code(), "invalid_token", "{name}");
    }
}

#[tokio::test]
async fn each_lock_waits_for_who_showed_many_keys_that_are_nobodys() {
    let app = TestApp::start().await;
    let caller = Caller::new(&app).await;
    let with_key = |operation: &Operation| {
        let call = caller.with_id(operation, "").without("authorization").from("192.0.2.1");
        call.header("authorization", format!("Bearer {}", unknown()))
    };
    let all = operations();
    // The lock of userinfo takes no API keys.
    let takes_keys = |operation: &&Operation| operation.for_users() && operation.path != "/oauth/userinfo";
    let locked: Vec<_> = all.iter().filter(takes_keys).collect();
    for number in 0..60 {
        with_key(locked[number % locked.len()]).send().await.assert_status(401);
    }
    for operation in locked {
        // One more a second is let through, and tests take time.
        let mut answer = with_key(operation).send().await;
        for _ in 0..5 {
            if answer.status == 401 {
                answer = with_key(operation).send().await;
            }
        }
        let name = format!("{} {}", operation.method, operation.path);
        assert_eq!((answer.status.as_u16(), &*answer.code()), (429, "too_many_attempts"), "{name}");
    }
}

#[test]
fn each_documented_refusal_shows_an_example_that_fits_its_schema() {
    for operation in operations() {
        for (status, response) in operation.spec["responses"].as_object().unwrap() {
            if status.as_str() < "400" {
                continue;
            }
            let content = &response["content"]["application/json"];
            let name = format!("{} {} {status}", operation.method, operation.path);
            let examples = content["examples"].as_object().unwrap_or_else(|| panic!("no example: {name}"));
            for (code, example) in examples {
                let value: &Value = &example["value"];
                assert_eq!(value["code"], *code, "{name}");
                let faults = schema::faults(document(), &content["schema"], value);
                assert!(faults.is_empty(), "{name}: {faults:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_reused_refresh_token_is_named_at_the_token_endpoint_of_oauth_too() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let first = log_in(&app, None).await.refresh;
    let fields = [("grant_type", "refresh_token"), ("refresh_token", first.as_str())];
    token(&app, None, &fields).await.assert_status(200);
    app.clock.advance(Duration::minutes(1));
    let reused = token(&app, None, &fields).await.assert_status(400);
    assert_eq!(
        (&*reused.code(), &reused.json()["error"]),
        ("session_ended_by_reuse", &"invalid_grant".into())
    );
    let ended = token(&app, None, &fields).await.assert_status(400);
    assert_eq!(&*ended.code(), "session_ended_by_reuse", "and so it stays");
}

#[tokio::test]
async fn a_session_that_ended_or_expired_is_named_at_the_token_endpoint_of_oauth_too() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let (ended, expired) = (log_in(&app, None).await, log_in(&app, None).await);
    let code = async |person: &Person| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", person.refresh.as_str())];
        token(&app, None, &fields).await.assert_status(400).code().clone()
    };
    ended.post("/logout", json!({})).await.assert_status(204);
    assert_eq!(code(&ended).await, "session_ended");
    app.clock.advance(Duration::days(30));
    assert_eq!(code(&expired).await, "session_expired");
}
