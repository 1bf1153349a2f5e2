//! What this server's own API says about itself as an OAuth 2 protected resource (RFC 9728).

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use keyward_guard::ProtectedResource;
use utoipa::ToSchema;

use super::keys::Cacheable;

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
    dpop_signing_alg_values_supported: Vec<String>,
    dpop_bound_access_tokens_required: bool,
    resource_name: String,
    resource_documentation: String,
}

/// What this API is, for clients that were refused
///
/// The challenge of a 401 or 403 names this address in `resource_metadata`.
#[utoipa::path(get, path = "/.well-known/oauth-protected-resource", tag = "oauth", responses(
    (status = 200, description = "The metadata", body = ResourceMetadata),
))]
pub async fn read_resource_metadata(State(resource): State<ProtectedResource>) -> Cacheable<Response> {
    Cacheable(Json(resource.metadata()).into_response())
}
