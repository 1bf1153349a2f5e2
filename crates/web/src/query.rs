//! Query parameters, read as strictly as bodies; unknown names are ignored.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::Uri;
use axum::http::request::Parts;
use keyward_guard::{Documented, Schemas};
use utoipa::IntoParams;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::{RefOr, Required, Schema};

use crate::base_path::BasePath;
use crate::fields::Fields;
use crate::form;
use crate::input::{FromState, Input};
use crate::rejection::{Rejection, document_validation};

/// The parameters of the query.
pub struct Query<T: Input>(pub T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Send + Sync,
    T: Input,
    T::Context: FromState<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let object = form::query(parts.uri.query().unwrap_or_default().as_bytes())?;
        Ok(Self(T::read_all(Fields::of_query(&object), &T::Context::from_state(state))?))
    }
}

impl<T: Input + IntoParams> Documented for Query<T> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        let parameters = T::into_params(|| Some(ParameterIn::Query));
        let name = parameters.first().map_or("query", |parameter| parameter.name.as_str());
        document_validation(operation, schemas, form::twice("query", name));
        let parameters = parameters.into_iter().map(|parameter| RefOr::T(or_empty(parameter)));
        operation.parameters.get_or_insert_default().extend(parameters);
    }
}

/// An optional parameter may be empty, which counts as missing.
fn or_empty(mut parameter: Parameter) -> Parameter {
    if let (Some(RefOr::T(Schema::Object(object))), Required::False) =
        (&mut parameter.schema, &parameter.required)
    {
        object.min_length = None;
        if object.schema_type == SchemaType::Type(Type::String) {
            object.format = None;
        }
    }
    parameter
}

/// What is sent in a body and nowhere else: no body is read where the query has one of these names.
pub const SECRETS: [&str; 10] = [
    "password",
    "current_password",
    "new_password",
    "client_secret",
    "refresh_token",
    "otp",
    "recovery_code",
    "mfa_token",
    "access_token",
    "code_verifier",
];

/// Refuses a query with a parameter of one of these names, in any letter case and any escaping. An address
/// ends up in logs and histories: a client that puts a secret there has to notice at once.
///
/// # Errors
/// [`Rejection::CredentialsInQuery`] where there is one.
pub fn refuse_credentials_in(uri: &Uri, names: &[&str]) -> Result<(), Rejection> {
    let is_named = |pair: &str| {
        let name = pair.split('=').next().and_then(|name| form::decode(name.as_bytes()));
        name.is_some_and(|name| names.iter().any(|known| name.eq_ignore_ascii_case(known)))
    };
    let mut pairs = uri.query().unwrap_or_default().split('&');
    if pairs.any(is_named) { Err(Rejection::CredentialsInQuery) } else { Ok(()) }
}

/// Where the request went: path and query, as its client sent them. See [`BasePath`].
pub struct Here(pub Uri);

impl<S: Send + Sync> FromRequestParts<S> for Here {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        if let Some(uri) = BasePath::public(parts) {
            return Ok(Self(uri));
        }
        OriginalUri::from_request_parts(parts, state).await.map(|OriginalUri(uri)| Self(uri))
    }
}

impl Documented for Here {
    fn document(_: &mut Operation, _: &mut Schemas) {}
}
