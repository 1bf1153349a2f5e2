//! The client that authenticated itself beside a body which is no form of OAuth2's: by HTTP Basic, or in fields of the body.

use std::convert::Infallible;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use keyward_domain::model::clients::Client;
use keyward_domain::oauth::clients::Clients;
use keyward_guard::{Documented, Schemas};
use serde_json::{Map, Value};
use utoipa::openapi::path::Operation;

use super::client_auth::authenticate;
use super::oauth::document_client;
use crate::error::ApiError;

/// A caller that may be a client, once its body was read.
pub struct MaybeClient {
    clients: Clients,
    authorization: HeaderMap,
}

impl MaybeClient {
    /// The client, if one authenticated itself; `id` and `secret` are fields of the body.
    ///
    /// # Errors
    /// 401 for wrong credentials, and for a registered client that gave none; 400 for two ways at once.
    pub async fn authenticate(
        &self,
        id: Option<String>,
        secret: Option<String>,
    ) -> Result<Option<Client>, ApiError> {
        let fields = [("client_id", id), ("client_secret", secret)];
        let given = fields.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::from(text?))));
        authenticate(&self.clients, &self.authorization, &given.collect::<Map<_, _>>()).await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeClient
where
    Clients: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let fields = parts.headers.get_all(header::AUTHORIZATION).into_iter().cloned();
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
