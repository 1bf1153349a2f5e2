//! The client that authenticated itself beside a body which is no form of OAuth2's: by HTTP Basic, or in fields of the body.

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use keyward_domain::model::clients::Client;
use keyward_domain::oauth::clients::Clients;
use keyward_guard::{Documented, Schemas};
use serde_json::{Map, Value};
use utoipa::openapi::path::Operation;

use super::client_auth::{authenticate, basic};
use super::oauth::document_client;
use crate::error::ApiError;

/// A caller that may be a client, once its body was read.
pub struct MaybeClient {
    clients: Clients,
    authorization: HeaderMap,
}

impl MaybeClient {
    /// The client, if one authenticated itself; `id` and `secret` are fields of the body. Another scheme than Basic counts as
    /// absent, and so does Basic that names no registered client, as a proxy in front may send it.
    ///
    /// # Errors
    /// 401 for wrong credentials, and for a registered client that gave none; 400 for two ways at once.
    pub async fn authenticate(
        &self,
        id: Option<String>,
        secret: Option<String>,
    ) -> Result<Option<Client>, ApiError> {
        let fields = [("client_id", id), ("client_secret", secret)];
        let authorization = if self.names_nothing().await? { &HeaderMap::new() } else { &self.authorization };
        let given = fields.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::from(text?))));
        authenticate(&self.clients, authorization, &given.collect::<Map<_, _>>()).await
    }

    /// Whether the one field there is names no registered client.
    async fn names_nothing(&self) -> Result<bool, ApiError> {
        if self.authorization.len() > 1 {
            return Ok(false);
        }
        match basic(&self.authorization).ok().flatten() {
            Some((id, _)) => Ok(id.is_empty() || !self.clients.is_registered(&id).await?),
            None => Ok(true),
        }
    }
}

/// Whether an `Authorization` field is of the scheme Basic.
fn is_basic(field: &HeaderValue) -> bool {
    let scheme = field.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case(b"basic")
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeClient
where
    Clients: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let fields =
            parts.headers.get_all(header::AUTHORIZATION).into_iter().filter(|field| is_basic(field)).cloned();
        let mut authorization = HeaderMap::new();
        for field in fields {
            authorization.append(header::AUTHORIZATION, field);
        }
        Ok(Self { clients: Clients::from_ref(state), authorization })
    }
}

impl Documented for MaybeClient {
    fn document(operation: &mut Operation, _: &mut Schemas) {
        document_client(operation);
    }
}
