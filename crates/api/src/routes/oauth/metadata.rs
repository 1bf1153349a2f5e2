//! Where every endpoint is, for OAuth2 libraries (RFC 8414).

use axum::Json;
use axum::extract::State;
use keyward_domain::sessions::opening::Opening;
use keyward_domain::values::scopes::Role;
use serde::Serialize;
use utoipa::ToSchema;

use super::keys::Cacheable;
use crate::settings::issuer::Issuer;

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

/// Where everything is, for OAuth2 libraries
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "oauth", responses((status = 200, description = "The metadata")))]
pub async fn read_server_metadata(
    State(Issuer(issuer)): State<Issuer>,
    State(opening): State<Opening>,
) -> Cacheable<Json<Metadata>> {
    let at = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
    Cacheable(Json(Metadata {
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
        scopes_supported: opening.grants().of(Role::Admin).iter().map(str::to_owned).collect(),
        issuer: issuer.to_string(),
    }))
}
