//! How recent and how strong a login has to be, in a service that knows nothing but tokens (RFC 9470).
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::FromRef;
use axum::http::{Request, StatusCode, header};
use axum::{Json, Router};
use keyward_guard::{
    ACCOUNT, Authenticator, Credential, CurrentUser, ENROL, Enrolling, Fresh, Owner, Principal, Refusal,
    Scope, ScopeSet, Strong, endpoint, schemes,
};
use tower::ServiceExt;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

const NOW: i64 = 1_800_000_000;

/// A token says what it is: `SECONDS ACR SCOPE CREDENTIAL`, joined by dots.
struct Saying;

#[async_trait]
impl Authenticator for Saying {
    async fn authenticate(&self, token: &str) -> Result<Principal, Refusal> {
        let mut parts = token.split('.');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        Ok(Principal {
            confirmation: None,
            subject: "ana".into(),
            session: None,
            authenticated_at: next().map(|ago| NOW - ago.parse::<i64>().unwrap()),
            acr: next().map(str::to_owned),
            scope: ScopeSet::parse(next().unwrap_or_default()).unwrap(),
            methods: Vec::new(),
            credential: match next() {
                Some("key") => Credential::ApiKey,
                Some("client") => Credential::ClientToken,
                _ => Credential::AccessToken,
            },
        })
    }

    fn now(&self) -> i64 {
        NOW
    }
}

#[derive(Clone)]
struct Service(Arc<dyn Authenticator>);

impl FromRef<Service> for Arc<dyn Authenticator> {
    fn from_ref(service: &Service) -> Self {
        Arc::clone(&service.0)
    }
}

/// Any login
#[utoipa::path(get, path = "/any")]
async fn any(_: CurrentUser) -> Json<&'static str> {
    Json("any")
}

/// A recent one
#[utoipa::path(get, path = "/recent")]
async fn recent(_: CurrentUser<(), Fresh<300>>) -> Json<&'static str> {
    Json("recent")
}

/// A recent one with two factors
#[utoipa::path(get, path = "/both")]
async fn both(_: CurrentUser<(), (Fresh<300>, Strong)>) -> Json<&'static str> {
    Json("both")
}

/// For enrolling
#[utoipa::path(get, path = "/enrol")]
async fn enrol(_: CurrentUser<Enrolling>) -> Json<&'static str> {
    Json("enrol")
}

/// For one's own account
#[utoipa::path(get, path = "/own")]
async fn own(_: CurrentUser<Owner>) -> Json<&'static str> {
    Json("own")
}

struct NotesRead;

impl Scope for NotesRead {
    const NAME: &'static str = "notes";
    const TITLE: &'static str = "Read notes";
}

/// For a scope
#[utoipa::path(get, path = "/notes")]
async fn notes(_: CurrentUser<NotesRead>) -> Json<&'static str> {
    Json("notes")
}

fn service() -> (Router, OpenApi) {
    let (router, mut document) = OpenApiRouter::new()
        .routes(endpoint!(any))
        .routes(endpoint!(recent))
        .routes(endpoint!(both))
        .routes(endpoint!(enrol))
        .routes(endpoint!(own))
        .routes(endpoint!(notes))
        .split_for_parts();
    schemes(&mut document, "/login", &[]);
    (router.with_state(Service(Arc::new(Saying))), document)
}

async fn ask(path: &str, token: &str) -> (StatusCode, String) {
    let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    let response = service().0.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let challenge = response.headers().get(header::WWW_AUTHENTICATE);
    (response.status(), challenge.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default())
}

#[tokio::test]
async fn a_login_that_is_too_old_too_weak_or_not_known_is_challenged() {
    for (path, token, good) in [
        ("/any", "", true),
        ("/recent", "300.aal1", true),
        ("/recent", "301.aal2", false),
        ("/recent", "", false),
        ("/both", "10.aal2", true),
        ("/both", "10.aal1", false),
        ("/both", "301.aal2", false),
    ] {
        // A bearer token has a character at least.
        let (status, challenge) = ask(path, if token.is_empty() { "." } else { token }).await;
        assert_eq!(status == 200, good, "{path} {token}: {status}");
        if !good {
            assert_eq!(status, 401);
            assert!(challenge.contains("error=\"insufficient_user_authentication\""), "{challenge}");
            assert!(challenge.contains("max_age=\"300\""), "{challenge}");
            let acr = if path == "/both" { "acr_values=\"aal2\"" } else { "acr_values=\"aal1 aal2\"" };
            assert!(challenge.contains(acr), "{challenge}");
        }
    }
}

#[tokio::test]
async fn a_token_for_enrolling_opens_nothing_else() {
    let token = format!("1.aal1.{ENROL}");
    assert_eq!(ask("/enrol", &token).await.0, 200);
    let (status, challenge) = ask("/any", &token).await;
    assert_eq!(status, 403);
    assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
    assert_eq!(ask("/recent", &token).await.0, 403);
    assert_eq!(ask("/enrol", "1.aal1").await.0, 200, "any other token will do");
}

/// How a lock answers to an API key of the scope `notes`, and to clients without and with the scope `account`.
#[tokio::test]
async fn a_key_opens_what_its_scope_opens_and_no_account_and_a_client_no_account_without_its_scope() {
    let client = format!("1.aal2.{ACCOUNT}.client");
    for (path, key, client_without, client_with) in [
        ("/any", 200, 200, 200),
        ("/notes", 200, 200, 403),
        ("/own", 403, 403, 200),
        ("/enrol", 403, 403, 200),
        ("/recent", 403, 200, 200),
        ("/both", 403, 200, 200),
    ] {
        let (status, challenge) = ask(path, "1.aal2.notes.key").await;
        assert_eq!(status, key, "{path}");
        assert_eq!(status == 403, challenge.contains("API key is not good"), "{path}: {challenge}");
        let (status, challenge) = ask(path, "1.aal2.notes.client").await;
        assert_eq!(status, client_without, "{path}");
        assert_eq!(status == 403, challenge.contains("scope=\"account\""), "{path}: {challenge}");
        assert_eq!(ask(path, &client).await.0, client_with, "{path}");
        assert_eq!(ask(path, "1.aal2.notes").await.0, 200, "{path}: a token of one's own");
    }
    assert_eq!(ask("/notes", "1.aal2.other.key").await.0, 403);
}

#[test]
fn the_document_shows_what_the_lock_asks_for() {
    let document = serde_json::to_value(service().1).unwrap();
    let code = "insufficient_user_authentication";
    let example = |path: &str, status: &str, code: &str| {
        let examples =
            format!("/paths/~1{path}/get/responses/{status}/content/application~1json/examples/{code}");
        document.pointer(&examples).is_some()
    };
    for (path, asks) in [("any", false), ("recent", true), ("both", true), ("enrol", false)] {
        assert_eq!(example(path, "401", code), asks, "{path}");
        assert_eq!(example(path, "403", "enrolment_only"), path != "enrol", "{path}");
        assert_eq!(example(path, "403", "insufficient_scope"), path != "any", "{path}");
    }
    assert!(example("own", "403", "insufficient_scope"));
}
