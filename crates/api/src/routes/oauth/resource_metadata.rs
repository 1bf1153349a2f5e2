//! What this server's own API says about itself as an OAuth 2 protected resource (RFC 9728).

use axum::Json;
use axum::extract::State;
use keyward_domain::sessions::opening::Opening;
use keyward_domain::values::scopes::{OPENID_CONNECT, Role};
use keyward_guard::ProtectedResource;
use serde_json::Value;
use utoipa::ToSchema;

use super::keys::Cacheable;

/// The API of this server, whose address is `issuer`.
///
/// # Panics
/// Where the issuer is not of the form that the setting asks for.
pub(crate) fn of(issuer: &str, opening: &Opening) -> ProtectedResource {
    let scopes = OPENID_CONNECT.into_iter().chain(opening.grants().of(Role::Admin).iter());
    let resource = ProtectedResource::new(issuer, [issuer]).expect("an issuer is the address of a resource");
    let documentation = format!("{}/docs", issuer.trim_end_matches('/'));
    let resource =
        resource.member("resource_name", "Keyward").member("resource_documentation", documentation);
    resource.scopes(scopes)
}

/// The metadata of this server's API (RFC 9728, section 2).
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the metadata")]
pub struct ResourceMetadata {
    /// The issuer: what a client names as `resource` to use this API (RFC 8707).
    #[schema(example = "http://127.0.0.1:8000")]
    resource: String,
    /// The issuer once more.
    authorization_servers: Vec<String>,
    scopes_supported: Vec<String>,
    bearer_methods_supported: Vec<String>,
    resource_name: String,
    resource_documentation: String,
}

/// What this API is, for clients that were refused
///
/// The challenge of a 401 or 403 names this address in `resource_metadata`.
#[utoipa::path(get, path = "/.well-known/oauth-protected-resource", tag = "oauth", responses(
    (status = 200, description = "The metadata", body = ResourceMetadata),
))]
pub async fn read_resource_metadata(State(resource): State<ProtectedResource>) -> Cacheable<Json<Value>> {
    Cacheable(Json(resource.metadata()))
}
