//! Query parameters, read as strictly as bodies; names nobody asked for are ignored.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use keyward_auth::PasswordPolicy;
use keyward_guard::{Documented, Schemas};
use utoipa::IntoParams;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, ParameterIn};

use super::fields::{Fields, Input};
use super::form;
use crate::codes::CREDENTIALS_IN_QUERY;
use crate::error::{ApiError, document_validation};
use crate::fault::Flaw;

/// The parameters of the query.
pub struct Query<T: Input>(pub T::Value);

impl<S: Send + Sync, T: Input> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let object =
            form::query(parts.uri.query().unwrap_or_default().as_bytes()).map_err(ApiError::fault)?;
        let mut fields = Fields::new("query", &object, PasswordPolicy::default());
        let value = T::read(&mut fields);
        fields.finish(value).map(Self).map_err(ApiError::faults)
    }
}

impl<T: Input + IntoParams> Documented for Query<T> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        let parameters = T::into_params(|| Some(ParameterIn::Query));
        let name = parameters.first().map_or("query", |parameter| parameter.name.as_str());
        let fault = Flaw::value("the field is given twice").in_field("query", name, None);
        document_validation(operation, schemas, &ApiError::fault(fault));
        operation.parameters.get_or_insert_default().extend(parameters.into_iter().map(RefOr::T));
    }
}

/// What is sent in a body and nowhere else.
const SECRETS: [&str; 5] = ["password", "current_password", "new_password", "client_secret", "refresh_token"];

/// An address ends up in logs and histories: whoever puts a secret there shall notice at once.
pub(super) fn refuse_secrets_in(uri: &Uri) -> Result<(), ApiError> {
    refuse_credentials_in(uri, &SECRETS)
}

/// Refuses a query with a parameter of one of these names, in whatever case and however escaped.
///
/// # Errors
/// 400 where there is one.
pub fn refuse_credentials_in(uri: &Uri, names: &[&str]) -> Result<(), ApiError> {
    let is_named = |pair: &str| {
        let name = pair.split('=').next().and_then(|name| form::decode(name.as_bytes()));
        name.is_some_and(|name| names.iter().any(|known| name.eq_ignore_ascii_case(known)))
    };
    if uri.query().unwrap_or_default().split('&').any(is_named) {
        return Err(credentials_in_query());
    }
    Ok(())
}

pub(super) fn credentials_in_query() -> ApiError {
    let words = "Credentials belong into the body, never into the address.";
    ApiError::new(StatusCode::BAD_REQUEST, CREDENTIALS_IN_QUERY, words)
}

/// Where the request went: path and query.
pub struct Here(pub Uri);

impl<S: Send + Sync> FromRequestParts<S> for Here {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        OriginalUri::from_request_parts(parts, state).await.map(|OriginalUri(uri)| Self(uri))
    }
}

impl Documented for Here {
    fn document(_: &mut Operation, _: &mut Schemas) {}
}
