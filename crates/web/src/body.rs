//! Request bodies: bounded in size and time, of a declared type, then read field by field.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use keyward_guard::{Documented, Schemas};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, Ref, Required};

use crate::fault::{Fault, Flaw, Loc};
use crate::fields::Fields;
use crate::input::{FromState, Input};
use crate::query::{SECRETS, refuse_credentials_in};
use crate::rejection::{Rejection, document_rejection, document_validation};
use crate::{form, json};

/// How long a client may take to send a body.
const DEADLINE: Duration = Duration::from_secs(15);

/// A media type of bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// JSON, also by the name of a type that ends in `+json`.
    Json,
    /// A form as browsers send it.
    Urlencoded,
    /// A form that may hold files; here every part is text.
    Multipart,
}

const FORMS: [Media; 2] = [Media::Urlencoded, Media::Multipart];
const ANY: [Media; 3] = [Media::Urlencoded, Media::Multipart, Media::Json];

impl Media {
    /// Its name in `Content-Type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Urlencoded => "application/x-www-form-urlencoded",
            Self::Multipart => "multipart/form-data",
        }
    }
}

/// A JSON body.
pub struct Body<T: Input>(pub T);

/// A form, urlencoded or multipart.
pub struct Form<T: Input>(pub T);

/// A body in JSON or as a form, urlencoded or multipart.
pub struct AnyBody<T: Input>(pub T);

macro_rules! extractor {
    ($extractor:ident, $types:expr) => {
        impl<S, T> FromRequest<S> for $extractor<T>
        where
            S: Send + Sync,
            T: Input,
            T::Context: FromState<S>,
        {
            type Rejection = Rejection;

            async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
                read(request, &$types, &T::Context::from_state(state)).await.map(Self)
            }
        }

        impl<T: Input + ToSchema> Documented for $extractor<T> {
            fn document(operation: &mut Operation, schemas: &mut Schemas) {
                document_body::<T>(operation, schemas, &$types);
                for (rejection, when) in unreceived::<T>(&$types) {
                    document_rejection(operation, schemas, &rejection, when);
                }
                document_validation(operation, schemas, missing_body());
            }
        }
    };
}

extractor!(Body, [Media::Json]);
extractor!(Form, FORMS);
extractor!(AnyBody, ANY);

async fn read<T: Input>(request: Request, types: &[Media], context: &T::Context) -> Result<T, Rejection> {
    refuse_credentials_in(request.uri(), &SECRETS)?;
    let (parts, body) = request.into_parts();
    let received = receive(&parts.headers, body, types, T::MAX_BODY).await?;
    Ok(T::read_all(received.ok_or_else(missing_body)?.fields(), context)?)
}

/// A body, taken apart.
pub struct Received {
    object: Map<String, Value>,
    media: Media,
}

impl Received {
    /// What was sent.
    pub fn into_object(self) -> Map<String, Value> {
        self.object
    }

    /// Its fields, to be read.
    pub fn fields(&self) -> Fields<'_> {
        match self.media {
            Media::Json => Fields::of_json(&self.object),
            Media::Urlencoded | Media::Multipart => Fields::of_form(&self.object),
        }
    }
}

/// Receives a body of one of these types and of at most `limit` bytes. Returns `None` for an empty one.
///
/// # Errors
/// A [`Rejection`] of any kind; of faulty fields, that the body is no JSON object or no form.
pub async fn receive(
    headers: &HeaderMap,
    body: axum::body::Body,
    types: &[Media],
    limit: usize,
) -> Result<Option<Received>, Rejection> {
    let media = media_type(headers, types)?;
    let bytes = collect(headers, body, limit).await?;
    let (media, object) = match (bytes.is_empty(), media) {
        (true, _) => return Ok(None),
        (false, None) if types.contains(&Media::Json) && is_json_object(&bytes) => {
            return Err(unsupported(&[Media::Json]));
        }
        (false, None) => return Err(unsupported(types)),
        (false, Some((Media::Urlencoded, _))) if is_json_object(&bytes) => {
            return Err(json_as_form(types).into());
        }
        (false, Some((Media::Json, _))) if is_form(&bytes) => return Err(form_as_json(types).into()),
        (false, Some((Media::Json, _))) => (Media::Json, object(json::parse(&bytes)?)?),
        (false, Some((Media::Multipart, field))) => (Media::Multipart, form::multipart(field, bytes).await?),
        (false, Some((Media::Urlencoded, _))) => (Media::Urlencoded, form::urlencoded(&bytes)?),
    };
    Ok(Some(Received { object, media }))
}

/// Whether a body is a JSON object, of any declared type. No form begins with a brace and is one.
fn is_json_object(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first() == Some(&b'{') && json::parse(bytes).is_ok()
}

/// Whether a body begins as a form does, `name=`, and so is no JSON.
fn is_form(bytes: &[u8]) -> bool {
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.%+*".contains(byte);
    bytes.iter().position(|byte| !name(byte)).is_some_and(|end| end > 0 && bytes[end] == b'=')
}

/// The fault of a form that says it is JSON.
fn form_as_json(types: &[Media]) -> Fault {
    json::mislabelled(if types.contains(&Media::Urlencoded) {
        "the body is a form: send it with `Content-Type: application/x-www-form-urlencoded`"
    } else {
        "the body is a form: send the fields as a JSON object, as in `{\"name\": \"..\"}`"
    })
}

/// The fault of JSON that says it is a form.
fn json_as_form(types: &[Media]) -> Fault {
    form::mislabelled(if types.contains(&Media::Json) {
        "the body is JSON: send it with `Content-Type: application/json`"
    } else {
        "the body is JSON: send the fields as a form, as in `grant_type=..&scope=..`"
    })
}

fn object(value: Value) -> Result<Map<String, Value>, Rejection> {
    match value {
        Value::Object(object) => Ok(object),
        other => {
            Err(Rejection::fault(Flaw::not_an_object().at(vec![Loc::Name("body".into())], scalar(other))))
        }
    }
}

/// What may be echoed of a body that is no object: it might hold secrets anywhere.
fn scalar(value: Value) -> Option<Value> {
    matches!(value, Value::Null | Value::Bool(_) | Value::Number(_)).then_some(value)
}

/// Which of `types` the body says it is; `None` when it says nothing.
fn media_type<'a>(
    headers: &'a HeaderMap,
    types: &[Media],
) -> Result<Option<(Media, &'a HeaderValue)>, Rejection> {
    let encoded = is_other_than(headers, header::CONTENT_ENCODING, "identity");
    // The parser accepts every coding that ends in chunked, and decodes chunks alone (RFC 9112, section 6.1).
    if encoded || is_other_than(headers, header::TRANSFER_ENCODING, "chunked") {
        return Err(Rejection::Compressed);
    }
    let mut fields = headers.get_all(header::CONTENT_TYPE).iter();
    let Some(field) = fields.next() else { return Ok(None) };
    let essence = field.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let known = types.iter().find(|known| {
        essence.eq_ignore_ascii_case(known.name()) || (**known == Media::Json && is_json_suffix(essence))
    });
    match (known, fields.next()) {
        (Some(known), None) => Ok(Some((*known, field))),
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

fn unsupported(types: &[Media]) -> Rejection {
    Rejection::MediaType(types.iter().map(|media| media.name()).collect())
}

async fn collect(headers: &HeaderMap, body: axum::body::Body, limit: usize) -> Result<Bytes, Rejection> {
    let too_large = || Rejection::TooLarge(limit);
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    match tokio::time::timeout(DEADLINE, Limited::new(body, limit).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Rejection::Unreadable),
        Err(_) => Err(Rejection::TooSlow),
    }
}

/// Documents a body of these types.
pub fn document_body<T: Input + ToSchema>(operation: &mut Operation, schemas: &mut Schemas, types: &[Media]) {
    T::schemas(schemas);
    schemas.push((T::name().into_owned(), T::schema()));
    let content = || ContentBuilder::new().schema(Some(Ref::from_schema_name(T::name()))).build();
    let body = types
        .iter()
        .fold(RequestBodyBuilder::new(), |body, media| body.content(media.name(), content()))
        .required(Some(Required::True));
    operation.request_body = Some(body.build().into());
}

/// What can be wrong with a body of these types before it is read, and when.
pub fn unreceived<T: Input>(types: &[Media]) -> [(Rejection, &'static str); 5] {
    [
        (Rejection::CredentialsInQuery, "Credentials in the query"),
        (Rejection::Unreadable, "The body ended early"),
        (Rejection::TooSlow, "The body took too long to arrive"),
        (Rejection::TooLarge(T::MAX_BODY), "The body is too large"),
        (unsupported(types), "The body is of another type, or compressed"),
    ]
}

/// The fault of an empty body.
pub fn missing_body() -> Fault {
    Flaw::missing().at(vec![Loc::Name("body".into())], None)
}
