//! A service that says where its tokens come from (RFC 9728).
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]
#![expect(clippy::disallowed_methods, reason = "tokens for a service without a clock port")]

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use http_body_util::BodyExt;
use keyward_auth::{
    Algorithm, Grant, IssuerSettings, JwtIssuer, JwtVerifier, KeyRing, ScopeSet, SharedKeyRing, SigningKey,
    SystemRandom, TokenIssuer, VerifierSettings,
};
use keyward_guard::{Authenticator, CurrentUser, ProtectedResource, Scope, TokenAuthenticator};
use serde_json::{Value, json};
use tower::ServiceExt;

const ADDRESS: &str = "https://api.example/notes";
const METADATA: &str = "/.well-known/oauth-protected-resource/notes";

struct NotesRead;
impl Scope for NotesRead {
    const NAME: &'static str = "notes:read";
    const TITLE: &'static str = "Read notes";
}

async fn notes(user: CurrentUser<NotesRead>) -> Json<String> {
    Json(user.into_principal().subject)
}

/// The service, and who makes tokens for it.
fn service() -> (Router, impl Fn(&str, &str) -> String) {
    let keys = SharedKeyRing::new(KeyRing::new(SigningKey::generate(Algorithm::EdDsa).unwrap()));
    let settings = VerifierSettings {
        further_audiences: vec!["notes".to_owned()],
        ..VerifierSettings::new("https://id.example", ADDRESS)
    };
    let authenticator: Arc<dyn Authenticator> =
        Arc::new(TokenAuthenticator::new(Arc::new(JwtVerifier::new(settings, keys.clone()))));
    let resource = ProtectedResource::new(ADDRESS, ["https://id.example"])
        .unwrap()
        .scopes([NotesRead::NAME])
        .also_at_root();
    let router = resource.protect(Router::new().route("/notes", get(notes)).with_state(authenticator));
    let token = move |audience: &str, scope: &str| {
        let settings = IssuerSettings {
            issuer: "https://id.example".to_owned(),
            audience: audience.to_owned(),
            ttl_seconds: 60,
        };
        let issuer = JwtIssuer::new(settings, keys.clone(), Arc::new(SystemRandom));
        let grant = Grant {
            key: None,
            subject: "ana".to_owned(),
            session: None,
            client_id: None,
            scope: ScopeSet::parse(scope).unwrap(),
            audience: Vec::new(),
            userinfo: false,
            authentication: None,
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        issuer.issue(&grant, i64::try_from(now).unwrap()).unwrap().as_str().to_owned()
    };
    (router, token)
}

async fn ask(router: &Router, path: &str, token: Option<&str>) -> Response<Body> {
    let mut request = Request::get(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

fn challenge(answer: &Response<Body>) -> &str {
    answer.headers()[header::WWW_AUTHENTICATE].to_str().unwrap()
}

#[tokio::test]
async fn a_refused_client_reads_in_the_challenge_where_the_metadata_are() {
    let (router, token) = service();
    let refused = ask(&router, "/notes", None).await;
    let named = format!("resource_metadata=\"https://api.example{METADATA}\"");
    assert_eq!(
        (refused.status(), challenge(&refused)),
        (StatusCode::UNAUTHORIZED, &*format!("Bearer {named}"))
    );
    let narrow = ask(&router, "/notes", Some(&token(ADDRESS, "other"))).await;
    assert_eq!(narrow.status(), StatusCode::FORBIDDEN);
    assert!(challenge(&narrow).contains("scope=\"notes:read\"") && challenge(&narrow).ends_with(&named));
    for path in [METADATA, "/.well-known/oauth-protected-resource"] {
        let answer = ask(&router, path, None).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        let body: Value =
            serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
        assert_eq!(body["resource"], ADDRESS);
        assert_eq!(body["authorization_servers"], json!(["https://id.example"]));
        assert_eq!(body["scopes_supported"], json!(["notes:read"]));
    }
}

#[tokio::test]
async fn a_token_is_accepted_for_each_audience_of_the_service_and_no_other() {
    let (router, token) = service();
    for audience in [ADDRESS, "notes"] {
        let answer = ask(&router, "/notes", Some(&token(audience, "notes:read"))).await;
        assert_eq!(answer.status(), StatusCode::OK, "{audience}");
    }
    for audience in ["https://api.example/notes/", "https://api.example", "keyward", ""] {
        let answer = ask(&router, "/notes", Some(&token(audience, "notes:read"))).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{audience}");
    }
}
