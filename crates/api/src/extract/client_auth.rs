//! Which client sends a request, and whether it proves that (RFC 6749, section 2.3.1).

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyward_domain::model::clients::Client;
use keyward_domain::oauth::client_error::ClientError;
use keyward_domain::oauth::clients::Clients;
use keyward_domain::values::codes::INVALID_CLIENT;
use keyward_guard::{Documented, Schemas};
use keyward_web::decode;
use serde_json::{Map, Value};
use utoipa::openapi::path::Operation;

use crate::codes::AMBIGUOUS_CLIENT;
use crate::error::ApiError;

/// The client whose credentials came with the request, if any came.
pub(super) async fn authenticate(
    clients: &Clients,
    headers: &HeaderMap,
    form: &Map<String, Value>,
) -> Result<Option<Client>, ApiError> {
    let text = |name: &str| form.get(name).and_then(Value::as_str);
    let in_form = text("client_secret").map(|secret| (text("client_id").unwrap_or_default(), secret));
    // Empty fields, as generated clients send them, count as absent.
    let in_form = in_form.filter(|(id, secret)| !id.is_empty() || !secret.is_empty());
    let (id, secret) = match (basic(headers)?, in_form) {
        (None, None) => {
            let named = text("client_id").filter(|id| !id.is_empty());
            return match named {
                Some(id) => unproven(clients, id).await,
                None => Ok(None),
            };
        }
        (Some(_), Some(_)) => return Err(two_ways()),
        // The form may repeat the client's id, but not name another client.
        (Some((id, _)), None) if text("client_id").is_some_and(|named| named != id) => return Err(two_ways()),
        // A public client has no secret to send.
        (Some((id, secret)), None) if secret.is_empty() => {
            return unproven(clients, &id).await.and_then(known);
        }
        (Some(credentials), None) => credentials,
        (None, Some((id, secret))) => (id.to_owned(), secret.to_owned()),
    };
    match clients.authenticate(&id, &secret).await {
        Ok(client) => Ok(Some(client)),
        Err(ClientError::Unknown) => Err(invalid_client()),
        Err(error) => Err(error.into()),
    }
}

/// A client that says its id alone, which proves nothing: a public one may; without its secret any other would get a token beyond
/// what it was registered for. An id that is not registered counts as absent.
async fn unproven(clients: &Clients, id: &str) -> Result<Option<Client>, ApiError> {
    match clients.named(id).await? {
        Some(client) if !client.is_public() => Err(invalid_client()),
        found => Ok(found),
    }
}

fn known(client: Option<Client>) -> Result<Option<Client>, ApiError> {
    if client.is_some() { Ok(client) } else { Err(invalid_client()) }
}

/// Whether a request that needs no client names a registered one, which proves nothing.
pub struct NamedClient {
    clients: Clients,
    /// The id in `Authorization: Basic`, if there is one that can be read.
    by_basic: Option<String>,
}

impl NamedClient {
    /// Whether one is named there or by this field of a form.
    pub async fn is_registered(&self, in_form: Option<&str>) -> Result<bool, ClientError> {
        for id in [self.by_basic.as_deref(), in_form].into_iter().flatten().filter(|id| !id.is_empty()) {
            if self.clients.is_registered(id).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for NamedClient
where
    Clients: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let by_basic = basic(&parts.headers).ok().flatten().map(|(id, _)| id);
        Ok(Self { clients: Clients::from_ref(state), by_basic })
    }
}

impl Documented for NamedClient {
    fn document(_: &mut Operation, _: &mut Schemas) {}
}

/// The credentials of `Authorization: Basic`. Empty ones, as Swagger UI sends them, count as absent.
pub(super) fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, ApiError> {
    let mut fields = headers.get_all(header::AUTHORIZATION).iter();
    let Some(field) = fields.next() else { return Ok(None) };
    if fields.next().is_some() {
        return Err(two_ways());
    }
    let decoded = field.to_str().ok().and_then(|field| {
        let (scheme, encoded) = field.split_once(' ')?;
        let bytes = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()).ok())??;
        let text = String::from_utf8(bytes).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some((decode(id.as_bytes())?, decode(secret.as_bytes())?))
    });
    match decoded {
        Some((id, secret)) if id.is_empty() && secret.is_empty() => Ok(None),
        Some(credentials) => Ok(Some(credentials)),
        None => Err(invalid_client()),
    }
}

/// RFC 6749, section 2.3: two readers of one request might see different clients in it.
pub(super) fn two_ways() -> ApiError {
    let words = "A client authenticates itself once: by HTTP Basic or in the form.";
    ApiError::new(StatusCode::BAD_REQUEST, AMBIGUOUS_CLIENT, words).with_oauth("invalid_request")
}

/// No client authenticated itself, or another one did.
pub fn invalid_client() -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, INVALID_CLIENT, "Client authentication failed")
        .with_oauth("invalid_client")
        .challenging("Basic realm=\"keyward\"")
}
