//! Query parameters, read as strictly as bodies; names nobody asked for are ignored.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::Uri;
use axum::http::request::Parts;
use keyward_auth::PasswordPolicy;
use keyward_guard::{Documented, Schemas};
use utoipa::IntoParams;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, ParameterIn};

use super::fields::{Fields, Input};
use super::form;
use crate::error::{ApiError, document_validation};

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
        let parameters = T::into_params(|| Some(ParameterIn::Query)).into_iter().map(RefOr::T);
        operation.parameters.get_or_insert_default().extend(parameters);
        document_validation(operation, schemas);
    }
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
