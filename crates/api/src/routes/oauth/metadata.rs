//! Where every endpoint is, and what the server can do, for OAuth2 libraries (RFC 8414) and OpenID Connect ones (Discovery).

use axum::Json;
use axum::extract::State;
use keyward_auth::{AAL1, AAL2, Algorithm, DPOP_ALGORITHMS};
use keyward_domain::keys::id_token_keys::ALGORITHMS;
use keyward_domain::sessions::opening::Opening;
use keyward_domain::values::scopes::{OPENID_CONNECT, Role};
use serde::Serialize;
use utoipa::ToSchema;

use super::keys::Cacheable;
use crate::extract::HasPages;
use crate::settings::issuer::Issuer;

/// Where everything is (RFC 8414, section 2; OpenID Connect Discovery, section 3).
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "the standards name them so")]
pub struct Metadata {
    #[schema(example = "http://127.0.0.1:8000")]
    issuer: String,
    /// Where people are sent to log in; absent where this service has no pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    authorization_endpoint: Option<String>,
    token_endpoint: String,
    /// Where clients send authorization requests first (RFC 9126); absent where this service has no pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pushed_authorization_request_endpoint: Option<String>,
    /// Some clients may have to, by their registration.
    require_pushed_authorization_requests: bool,
    userinfo_endpoint: String,
    /// Where people are sent to log out; absent where this service has no pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    end_session_endpoint: Option<String>,
    /// Where devices without a browser ask for a login (RFC 8628); absent where this service has no pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    device_authorization_endpoint: Option<String>,
    revocation_endpoint: String,
    introspection_endpoint: String,
    /// Keyward's own: the feed of ended sessions.
    revocation_feed_endpoint: String,
    jwks_uri: String,
    service_documentation: String,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    /// Those of a person's consent are absent where this service has no pages.
    grant_types_supported: Vec<&'static str>,
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 3],
    code_challenge_methods_supported: [&'static str; 1],
    dpop_signing_alg_values_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    scopes_supported: Vec<String>,
    claims_supported: [&'static str; 17],
    acr_values_supported: [&'static str; 2],
    prompt_values_supported: [&'static str; 5],
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    authorization_response_iss_parameter_supported: bool,
    /// Applications are told of sessions that have ended (OpenID Connect Back-Channel Logout).
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
}

const PROVEN: [&str; 2] = ["client_secret_basic", "client_secret_post"];
/// A public client says its id alone.
const KNOWN: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];
/// The grants, and whether each needs a page on which a person allows it.
const GRANTS: [(&str, bool); 5] = [
    ("authorization_code", true),
    ("password", false),
    ("refresh_token", false),
    ("client_credentials", false),
    ("urn:ietf:params:oauth:grant-type:device_code", true),
];
const CLAIMS: [&str; 17] = [
    "iss",
    "sub",
    "aud",
    "azp",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "at_hash",
    "sid",
    "name",
    "preferred_username",
    "email",
    "email_verified",
    "client_id",
];

/// Where everything is, for OAuth2 libraries
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "oauth", responses((status = 200, description = "The metadata")))]
pub async fn read_server_metadata(
    State(issuer): State<Issuer>,
    State(opening): State<Opening>,
    pages: HasPages,
) -> Cacheable<Json<Metadata>> {
    metadata(&issuer, &opening, pages)
}

/// Where everything is, for OpenID Connect libraries
#[utoipa::path(get, path = "/.well-known/openid-configuration", tag = "oauth", responses((status = 200, description = "The metadata")))]
pub async fn read_openid_configuration(
    State(issuer): State<Issuer>,
    State(opening): State<Opening>,
    pages: HasPages,
) -> Cacheable<Json<Metadata>> {
    metadata(&issuer, &opening, pages)
}

fn metadata(
    Issuer(issuer): &Issuer,
    opening: &Opening,
    HasPages(pages): HasPages,
) -> Cacheable<Json<Metadata>> {
    let at = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
    let scopes = OPENID_CONNECT.into_iter().chain(opening.grants().of(Role::Admin).iter());
    Cacheable(Json(Metadata {
        authorization_endpoint: pages.then(|| at("/oauth/authorize")),
        end_session_endpoint: pages.then(|| at("/oauth/logout")),
        device_authorization_endpoint: pages.then(|| at("/oauth/device")),
        token_endpoint: at("/oauth/token"),
        pushed_authorization_request_endpoint: pages.then(|| at("/oauth/par")),
        require_pushed_authorization_requests: false,
        userinfo_endpoint: at("/oauth/userinfo"),
        revocation_endpoint: at("/oauth/revoke"),
        introspection_endpoint: at("/oauth/introspect"),
        revocation_feed_endpoint: at("/oauth/revocations"),
        jwks_uri: at("/.well-known/jwks.json"),
        service_documentation: at("/docs"),
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: GRANTS
            .iter()
            .filter(|(_, page)| pages || !page)
            .map(|(name, _)| *name)
            .collect(),
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ALGORITHMS.map(Algorithm::as_str),
        code_challenge_methods_supported: ["S256"],
        dpop_signing_alg_values_supported: DPOP_ALGORITHMS.split(' ').collect(),
        token_endpoint_auth_methods_supported: KNOWN,
        revocation_endpoint_auth_methods_supported: KNOWN,
        introspection_endpoint_auth_methods_supported: PROVEN,
        scopes_supported: scopes.map(str::to_owned).collect(),
        claims_supported: CLAIMS,
        acr_values_supported: [AAL1, AAL2],
        prompt_values_supported: ["none", "login", "consent", "select_account", "create"],
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        authorization_response_iss_parameter_supported: true,
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        issuer: issuer.to_string(),
    }))
}
