//! The lock from outside: a small service that knows nothing of Keyward's own api.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]
#![expect(clippy::disallowed_methods, reason = "tokens for a service without a clock port")]

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::FromRef;
use axum::http::{Request, StatusCode, header};
use axum::{Json, Router};
use http_body_util::BodyExt;
use keyward_auth::{
    Algorithm, Grant, IssuerSettings, JwtIssuer, JwtVerifier, KeyRing, ScopeSet, SharedKeyRing, SigningKey,
    SystemRandom, TokenIssuer, VerifierSettings,
};
use keyward_guard::{Authenticator, CurrentUser, Scope, TokenAuthenticator, endpoint, schemes};
use serde_json::{Value, json};
use tower::ServiceExt;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

struct NotesRead;
impl Scope for NotesRead {
    const NAME: &'static str = "notes:read";
    const TITLE: &'static str = "Read notes";
}

/// Anyone
#[utoipa::path(get, path = "/open", responses((status = 200)))]
async fn open() -> Json<&'static str> {
    Json("open")
}

/// Anyone, greeted by name where there is one
#[utoipa::path(get, path = "/greeting", responses((status = 200)))]
async fn greeting(user: Option<CurrentUser>) -> Json<String> {
    Json(user.map_or_else(|| "stranger".to_owned(), |user| user.subject.clone()))
}

/// Only users
#[utoipa::path(get, path = "/me", responses((status = 200)))]
async fn me(user: CurrentUser) -> Json<String> {
    Json(user.subject.clone())
}

/// Only users who may read notes
#[utoipa::path(get, path = "/notes", responses((status = 200)))]
async fn notes(user: CurrentUser<NotesRead>) -> Json<String> {
    Json(user.into_principal().subject)
}

#[derive(Clone)]
struct Service(Arc<dyn Authenticator>);

impl FromRef<Service> for Arc<dyn Authenticator> {
    fn from_ref(service: &Service) -> Self {
        Arc::clone(&service.0)
    }
}

struct TestApp {
    router: Router,
    document: OpenApi,
    issuer: JwtIssuer,
}

impl TestApp {
    fn new() -> Self {
        let keys = SharedKeyRing::new(KeyRing::new(SigningKey::generate(Algorithm::EdDsa).unwrap()));
        let settings =
            IssuerSettings { issuer: "https://id.example".into(), audience: "notes".into(), ttl_seconds: 60 };
        let issuer = JwtIssuer::new(settings, keys.clone(), Arc::new(SystemRandom));
        let verifier = JwtVerifier::new(VerifierSettings::new("https://id.example", "notes"), keys);
        let authenticator = Arc::new(TokenAuthenticator::new(Arc::new(verifier)));
        let (router, mut document) = OpenApiRouter::new()
            .routes(endpoint!(open))
            .routes(endpoint!(greeting))
            .routes(endpoint!(me))
            .routes(endpoint!(notes))
            .split_for_parts();
        schemes(&mut document, "/login", &[(NotesRead::NAME, NotesRead::TITLE)]);
        Self { router: router.with_state(Service(authenticator)), document, issuer }
    }

    fn token(&self, scope: &str, age: i64) -> String {
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
        let scope = ScopeSet::parse(scope).unwrap_or_default();
        let grant = Grant {
            key: None,
            subject: "ana".into(),
            session: None,
            client_id: None,
            scope,
            audience: Vec::new(),
            userinfo: false,
            authentication: None,
        };
        self.issuer.issue(&grant, now - age).unwrap().as_str().to_owned()
    }

    async fn get(&self, path: &str, authorization: Option<&str>) -> (StatusCode, Option<String>, Value) {
        let mut request = Request::get(path);
        if let Some(field) = authorization {
            request = request.header(header::AUTHORIZATION, field);
        }
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status();
        let challenge =
            response.headers().get(header::WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, challenge, serde_json::from_slice(&body).unwrap())
    }
}

#[tokio::test]
async fn without_a_token_a_locked_route_answers_401_and_names_no_error() {
    let app = TestApp::new();
    for path in ["/me", "/notes"] {
        for field in [None, Some(""), Some("Basic Og=="), Some("Bearer ")] {
            let (status, challenge, body) = app.get(path, field).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED);
            assert_eq!(challenge.as_deref(), Some("Bearer"));
            assert_eq!(body, json!({ "detail": "Not authenticated", "code": "not_authenticated" }));
        }
    }
    assert_eq!(app.get("/open", None).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_bad_token_answers_401_with_the_error_named() {
    let app = TestApp::new();
    let expired = format!("Bearer {}", app.token("", 3600));
    for (field, detail, code) in [
        ("Bearer x.y.z", "Could not validate credentials", "invalid_token"),
        (&*expired, "Token expired", "token_expired"),
    ] {
        let (status, challenge, body) = app.get("/me", Some(field)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(challenge.unwrap().starts_with("Bearer error=\"invalid_token\""));
        assert_eq!(body, json!({ "detail": detail, "code": code }));
    }
}

#[tokio::test]
async fn a_good_token_opens_the_lock_and_its_scope_decides_what_for() {
    let app = TestApp::new();
    let (plain, scoped) = (app.token("", 0), app.token("notes:read", 0));
    assert_eq!(app.get("/me", Some(&format!("bEaReR {plain}"))).await.2, json!("ana"));
    assert_eq!(app.get("/notes", Some(&format!("Bearer {scoped}"))).await.2, json!("ana"));
    let (status, challenge, body) = app.get("/notes", Some(&format!("Bearer {plain}"))).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let challenge = challenge.unwrap();
    assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.contains("scope=\"notes:read\""));
    assert_eq!(body, json!({ "detail": "Not enough permissions", "code": "insufficient_scope" }));
}

#[tokio::test]
async fn an_optional_user_may_be_absent_but_never_wrong() {
    let app = TestApp::new();
    assert_eq!(app.get("/greeting", None).await.2, json!("stranger"));
    assert_eq!(app.get("/greeting", Some(&format!("Bearer {}", app.token("", 0)))).await.2, json!("ana"));
    for field in ["Bearer x.y.z", "Basic Og==", ""] {
        assert_eq!(app.get("/greeting", Some(field)).await.0, StatusCode::UNAUTHORIZED, "{field:?}");
    }
}

#[test]
fn the_document_locks_exactly_what_the_signatures_lock() {
    let document = serde_json::to_value(TestApp::new().document).unwrap();
    let security = |path: &str| document["paths"][path]["get"]["security"].clone();
    assert_eq!(security("/open"), Value::Null);
    let lock = |scopes: Value| vec![json!({ "OAuth2PasswordBearer": scopes }), json!({ "HTTPBearer": [] })];
    assert_eq!(security("/me"), json!(lock(json!([]))));
    assert_eq!(security("/notes"), json!(lock(json!(["notes:read"]))));
    let mut optional = lock(json!([]));
    optional.insert(0, json!({}));
    assert_eq!(security("/greeting"), json!(optional));
    assert!(document["paths"]["/notes"]["get"]["responses"]["403"].is_object());
    // A lock without a scope refuses tokens that are good for enrolling a second factor alone.
    let refused = document["paths"]["/me"]["get"]["responses"]["403"].to_string();
    assert!(refused.contains("enrolment_only") && !refused.contains("insufficient_scope"), "{refused}");
    let flow = &document["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]["password"];
    assert_eq!(flow["tokenUrl"], "/login");
    assert_eq!(flow["scopes"], json!({ "notes:read": "Read notes" }));
}
