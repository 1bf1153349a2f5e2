//! What other services need to check our tokens by themselves: the public keys, and where everything is.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_auth::{Jwk, SharedKeyRing};
use keyward_domain::scopes::Role;
use keyward_domain::sessions::Sessions;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::Issuer;

/// How long others may keep what they fetched here, in seconds.
pub const MAX_AGE: u32 = 300;

/// How long a new key is published before it signs: twice as long as anybody may keep the key set.
pub const PUBLISHED_AHEAD: time::Duration = time::Duration::seconds(2 * MAX_AGE as i64);

/// The public keys (RFC 7517). A token names its own by `kid`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the key set")]
pub struct JsonWebKeySet {
    #[schema(value_type = Vec<JsonWebKey>, example = json!([
        { "kty": "OKP", "crv": "Ed25519", "x": "..", "alg": "EdDSA", "use": "sig", "kid": ".." }
    ]))]
    keys: Vec<Jwk>,
}

/// A public key (RFC 7517, section 4): with `crv` and `x` on a curve, with `n` and `e` for RSA.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a `Jwk`")]
struct JsonWebKey {
    kty: String,
    #[schema(nullable = false)]
    crv: Option<String>,
    #[schema(nullable = false)]
    x: Option<String>,
    #[schema(nullable = false)]
    y: Option<String>,
    #[schema(nullable = false)]
    n: Option<String>,
    #[schema(nullable = false)]
    e: Option<String>,
    alg: String,
    r#use: String,
    kid: String,
}

/// Where everything is (RFC 8414, section 2).
#[derive(Serialize, ToSchema)]
pub struct Metadata {
    #[schema(example = "http://127.0.0.1:8000")]
    issuer: String,
    token_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    /// Keyward's own: the feed of ended sessions.
    revocation_feed_endpoint: String,
    jwks_uri: String,
    service_documentation: String,
    grant_types_supported: [&'static str; 3],
    token_endpoint_auth_methods_supported: [&'static str; 2],
    revocation_endpoint_auth_methods_supported: [&'static str; 2],
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    scopes_supported: Vec<String>,
}

const CLIENT_METHODS: [&str; 2] = ["client_secret_basic", "client_secret_post"];

/// The public keys that access tokens are checked with
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "oauth", responses(
    (status = 200, description = "The key set", body = JsonWebKeySet),
    (status = 304, description = "As it was: `If-None-Match` named its `ETag`"),
))]
pub async fn jwks(State(keys): State<SharedKeyRing>, headers: Conditions) -> Response {
    let set = keys.load().jwks();
    let kids: Vec<&str> = set.keys.iter().filter_map(|key| key.kid.as_deref()).collect();
    let tag = format!("\"{}\"", kids.join("."));
    let tag = HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""));
    let known = headers.know(&tag);
    let mut answer = if known { StatusCode::NOT_MODIFIED.into_response() } else { Json(set).into_response() };
    answer.headers_mut().insert(header::ETAG, tag);
    cacheable(answer)
}

/// Where everything is, for OAuth2 libraries
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "oauth", responses(
    (status = 200, description = "The metadata", body = Metadata),
))]
pub async fn metadata(State(Issuer(issuer)): State<Issuer>, State(sessions): State<Sessions>) -> Response {
    let at = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
    cacheable(
        Json(Metadata {
            token_endpoint: at("/oauth/token"),
            revocation_endpoint: at("/oauth/revoke"),
            introspection_endpoint: at("/oauth/introspect"),
            revocation_feed_endpoint: at("/oauth/revocations"),
            jwks_uri: at("/.well-known/jwks.json"),
            service_documentation: at("/docs"),
            grant_types_supported: ["password", "refresh_token", "client_credentials"],
            token_endpoint_auth_methods_supported: CLIENT_METHODS,
            revocation_endpoint_auth_methods_supported: CLIENT_METHODS,
            introspection_endpoint_auth_methods_supported: CLIENT_METHODS,
            scopes_supported: sessions.grants().of(Role::Admin).iter().map(str::to_owned).collect(),
            issuer: issuer.to_string(),
        })
        .into_response(),
    )
}

impl Conditions {
    /// Whether an `If-None-Match` names the tag (RFC 9110, section 13.1.2), which is compared weakly.
    pub(crate) fn know(&self, tag: &HeaderValue) -> bool {
        let named = |field: &HeaderValue| {
            let mut tags = field.to_str().unwrap_or_default().split(',').map(str::trim);
            tags.any(|known| {
                known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes()
            })
        };
        self.0.get_all(header::IF_NONE_MATCH).iter().any(named)
    }
}

fn cacheable(mut answer: Response) -> Response {
    let value = HeaderValue::try_from(format!("public, max-age={MAX_AGE}"));
    answer.headers_mut().insert(header::CACHE_CONTROL, value.unwrap_or(HeaderValue::from_static("public")));
    answer
}

/// The request's headers, for conditional requests.
pub struct Conditions(HeaderMap);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Conditions {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &S,
    ) -> Result<Self, std::convert::Infallible> {
        Ok(Self(parts.headers.clone()))
    }
}

impl keyward_guard::Documented for Conditions {
    fn document(_: &mut utoipa::openapi::path::Operation, _: &mut keyward_guard::Schemas) {}
}
