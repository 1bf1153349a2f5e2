//! Request bodies: bounded in size and time, of a declared type, then read field by field.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use keyward_auth::PasswordPolicy;
use keyward_guard::{Documented, Schemas};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, Ref, Required};

use super::fields::{Fields, Input};
use super::query::{credentials_in_query, refuse_secrets_in};
use super::{form, json};
use crate::codes::{BODY_TIMEOUT, BODY_TOO_LARGE, UNREADABLE_BODY, UNSUPPORTED_MEDIA_TYPE};
use crate::error::{ApiError, document_error, document_validation};
use crate::fault::{Flaw, Loc};

pub(super) const JSON: &str = "application/json";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
pub(super) const MULTIPART: &str = "multipart/form-data";

/// How long a client may take to send a body.
const DEADLINE: Duration = Duration::from_secs(15);

/// A JSON body.
pub struct Body<T: Input>(pub T::Value);

/// A body of a token endpoint, in JSON or as a form, urlencoded or multipart. Refusals name RFC 6749's code, too, because
/// that is what Swagger UI shows.
pub struct AnyBody<T: Input>(pub T::Value);

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    PasswordPolicy: FromRef<S>,
    T: Input,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        read::<T>(request, &[JSON], PasswordPolicy::from_ref(state)).await.map(Self)
    }
}

impl<S, T> FromRequest<S> for AnyBody<T>
where
    S: Send + Sync,
    PasswordPolicy: FromRef<S>,
    T: Input,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        read::<T>(request, &[FORM, MULTIPART, JSON], PasswordPolicy::from_ref(state))
            .await
            .map(Self)
            .map_err(|error| error.with_oauth("invalid_request"))
    }
}

pub(super) async fn read<T: Input>(
    request: Request,
    types: &[&'static str],
    policy: PasswordPolicy,
) -> Result<T::Value, ApiError> {
    refuse_secrets_in(request.uri())?;
    let (parts, body) = request.into_parts();
    let media = media_type(&parts.headers, types)?;
    let bytes = collect(&parts.headers, body, T::MAX_BODY).await?;
    let object = match (bytes.is_empty(), media) {
        (true, _) => return Err(ApiError::fault(Flaw::missing().at(vec![Loc::Name("body".into())], None))),
        (false, None) => return Err(unsupported(types)),
        (false, Some((JSON, _))) => object(json::parse(&bytes).map_err(ApiError::fault)?)?,
        (false, Some((MULTIPART, field))) => form::multipart(field, bytes).await.map_err(ApiError::fault)?,
        (false, Some(_)) => form::urlencoded(&bytes).map_err(ApiError::fault)?,
    };
    let mut fields = Fields::new("body", &object, policy);
    let value = T::read(&mut fields);
    fields.finish(value).map_err(ApiError::faults)
}

fn object(value: Value) -> Result<Map<String, Value>, ApiError> {
    match value {
        Value::Object(object) => Ok(object),
        other => {
            let words = "Input should be a valid dictionary or object to extract fields from";
            let flaw = Flaw::new("model_attributes_type", words);
            Err(ApiError::fault(flaw.at(vec![Loc::Name("body".into())], scalar(other))))
        }
    }
}

/// What may be echoed of a body that is no object: it might hold secrets anywhere.
fn scalar(value: Value) -> Option<Value> {
    matches!(value, Value::Null | Value::Bool(_) | Value::Number(_)).then_some(value)
}

/// Which of `types` the body says it is; `None` when it says nothing.
pub(super) fn media_type<'a>(
    headers: &'a HeaderMap,
    types: &[&'static str],
) -> Result<Option<(&'static str, &'a HeaderValue)>, ApiError> {
    let encoded = is_other_than(headers, header::CONTENT_ENCODING, "identity");
    // The parser takes whatever ends in chunks and undoes nothing but them (RFC 9112, section 6.1).
    if encoded || is_other_than(headers, header::TRANSFER_ENCODING, "chunked") {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            UNSUPPORTED_MEDIA_TYPE,
            "A compressed body is not accepted.",
        ));
    }
    let mut fields = headers.get_all(header::CONTENT_TYPE).iter();
    let Some(field) = fields.next() else { return Ok(None) };
    let essence = field.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let known = types
        .iter()
        .find(|known| essence.eq_ignore_ascii_case(known) || (**known == JSON && is_json_suffix(essence)));
    match (known, fields.next()) {
        (Some(known), None) => Ok(Some((known, field))),
        _ => Err(unsupported(types)),
    }
}

/// Whether a field is there and says anything else, or is there more than once.
fn is_other_than(headers: &HeaderMap, name: HeaderName, value: &str) -> bool {
    let mut fields = headers.get_all(name).iter();
    fields.next().is_some_and(|field| !field.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
        || fields.next().is_some()
}

fn is_json_suffix(essence: &str) -> bool {
    let essence = essence.to_ascii_lowercase();
    essence.starts_with("application/") && essence.ends_with("+json")
}

pub(super) fn unsupported(types: &[&str]) -> ApiError {
    let detail = format!("The body must be sent with a Content-Type of {}.", types.join(" or "));
    ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, UNSUPPORTED_MEDIA_TYPE, &detail)
}

pub(super) async fn collect(
    headers: &HeaderMap,
    body: axum::body::Body,
    limit: usize,
) -> Result<Bytes, ApiError> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    match tokio::time::timeout(DEADLINE, Limited::new(body, limit).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Ok(Err(_)) => Err(unreadable()),
        Err(_) => Err(too_slow()),
    }
}

fn too_large(limit: usize) -> ApiError {
    let words = format!("The body is larger than the {limit} bytes accepted here.");
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, BODY_TOO_LARGE, &words)
}

fn too_slow() -> ApiError {
    ApiError::new(StatusCode::REQUEST_TIMEOUT, BODY_TIMEOUT, "The body took too long to arrive.")
}

fn unreadable() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, UNREADABLE_BODY, "The body could not be read.")
}

/// How an endpoint words its errors.
type Wording = fn(ApiError) -> ApiError;

impl<T: Input + ToSchema> Documented for Body<T> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        document::<T>(operation, schemas, &[JSON], |error| error);
    }
}

impl<T: Input + ToSchema> Documented for AnyBody<T> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        document::<T>(operation, schemas, &[FORM, MULTIPART, JSON], |error| {
            error.with_oauth("invalid_request")
        });
    }
}

pub(super) fn document<T: Input + ToSchema>(
    operation: &mut Operation,
    schemas: &mut Schemas,
    types: &[&'static str],
    word: Wording,
) {
    document_content::<T>(operation, schemas, types, word);
    let fault = Flaw::missing().at(vec![Loc::Name("body".into())], None);
    document_validation(operation, schemas, &word(ApiError::fault(fault)));
}

/// The body, and what can be wrong with it before it is read.
pub(super) fn document_content<T: Input + ToSchema>(
    operation: &mut Operation,
    schemas: &mut Schemas,
    types: &[&'static str],
    word: Wording,
) {
    T::schemas(schemas);
    schemas.push((T::name().into_owned(), T::schema()));
    let content = || ContentBuilder::new().schema(Some(Ref::from_schema_name(T::name()))).build();
    let body = types
        .iter()
        .fold(RequestBodyBuilder::new(), |body, media| body.content(*media, content()))
        .required(Some(Required::True));
    operation.request_body = Some(body.build().into());
    for (error, when) in [
        (credentials_in_query(), "Credentials in the query"),
        (unreadable(), "The body ended early"),
        (too_slow(), "The body took too long to arrive"),
        (too_large(T::MAX_BODY), "The body is too large"),
        (unsupported(types), "The body is of another type, or compressed"),
    ] {
        document_error(operation, &word(error), when);
    }
}
