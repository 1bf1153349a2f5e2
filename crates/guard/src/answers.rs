//! From a handler's return type to the answers of its OpenAPI operation.

use std::convert::Infallible;
use std::future::Future;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{NoContent, Response};
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ArrayBuilder, Object, Schema, SchemaType, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, response};

use crate::schemas::Schemas;
use crate::{Refusal, Refused};

/// What a handler returns, as far as its operation's document has to say it: statuses, bodies and headers.
///
/// A type that cannot know its status, such as [`Response`] or [`StatusCode`], adds nothing: write its answers in
/// `#[utoipa::path(responses(..))]`. What is written there stays.
pub trait Answers {
    /// Adds it; a schema referred to by name goes to `schemas`.
    fn answers(operation: &mut Operation, schemas: &mut Schemas);
}

/// An asynchronous function and the type it returns, which axum's `Handler` does not show. `A` are its arguments.
pub trait Returns<A> {
    /// What it returns.
    type Answer;
}

macro_rules! functions {
    ($(($($argument:ident),*))+) => {$(
        impl<F, O, $($argument),*> Returns<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> O,
            O: Future,
        {
            type Answer = O::Output;
        }
    )+};
}

functions! {
    ()
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
    (A, B, C, D, E)
    (A, B, C, D, E, G)
}

/// What a success is called, as FastAPI calls it, where nothing says more.
pub(crate) const SUCCESS: &str = "Successful Response";

/// Documents a success with a JSON body of `T`. Its description is the first sentence of `T`'s, unless `#[utoipa::path]` has one
/// for this status.
pub fn document_success<T: ToSchema>(operation: &mut Operation, schemas: &mut Schemas, status: StatusCode) {
    T::schemas(schemas);
    let schema = T::schema();
    let description = first_sentence(&schema).unwrap_or(SUCCESS).to_owned();
    let schema = if is_unnamed(&schema) {
        schema
    } else {
        schemas.push((T::name().into_owned(), schema));
        Ref::from_schema_name(T::name()).into()
    };
    document_content(operation, status, &description, Some(("application/json", schema)));
}

/// Documents 200 with an array of `T`.
pub fn document_array<T: ToSchema>(operation: &mut Operation, schemas: &mut Schemas, description: &str) {
    T::schemas(schemas);
    schemas.push((T::name().into_owned(), T::schema()));
    let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
    let array = RefOr::T(Schema::Array(items.build()));
    document_content(operation, StatusCode::OK, description, Some(("application/json", array)));
}

fn first_sentence(schema: &RefOr<Schema>) -> Option<&str> {
    let RefOr::T(Schema::Object(object)) = schema else { return None };
    let sentence = object.description.as_deref()?.split(". ").next()?;
    Some(sentence.trim_end_matches('.')).filter(|sentence| !sentence.is_empty())
}

/// Documents a success whose body has this media type and schema, if it has one.
pub fn document_content(
    operation: &mut Operation,
    status: StatusCode,
    description: &str,
    content: Option<(&str, RefOr<Schema>)>,
) {
    let responses = &mut operation.responses.responses;
    let new = || RefOr::T(response::Response::default());
    let RefOr::T(response) = responses.entry(status.as_str().to_owned()).or_insert_with(new) else { return };
    if response.description.is_empty() {
        description.clone_into(&mut response.description);
    }
    if let Some((media, schema)) = content.filter(|_| response.content.is_empty()) {
        let content = ContentBuilder::new().schema(Some(schema)).build();
        response.content.insert(media.to_owned(), RefOr::T(content));
    }
}

/// Arrays and plain strings, numbers and truth values have no name to refer to.
fn is_unnamed(schema: &RefOr<Schema>) -> bool {
    match schema {
        RefOr::T(Schema::Array(_)) => true,
        RefOr::T(Schema::Object(Object {
            schema_type: SchemaType::Type(kind), enum_values: None, ..
        })) => *kind != Type::Object,
        _ => false,
    }
}

impl<T: ToSchema> Answers for Json<T> {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        document_success::<T>(operation, schemas, StatusCode::OK);
    }
}

impl Answers for String {
    fn answers(operation: &mut Operation, _: &mut Schemas) {
        let text = <String as utoipa::PartialSchema>::schema();
        document_content(operation, StatusCode::OK, SUCCESS, Some(("text/plain", text)));
    }
}

impl Answers for &'static str {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        String::answers(operation, schemas);
    }
}

impl Answers for NoContent {
    fn answers(operation: &mut Operation, _: &mut Schemas) {
        document_content(operation, StatusCode::NO_CONTENT, SUCCESS, None);
    }
}

impl<T: Answers, E: Answers> Answers for Result<T, E> {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        T::answers(operation, schemas);
        E::answers(operation, schemas);
    }
}

/// By hand, since the status is known when it runs.
impl<T> Answers for (StatusCode, T) {
    fn answers(_: &mut Operation, _: &mut Schemas) {}
}

macro_rules! by_hand {
    ($($answer:ty),+) => {$(
        impl Answers for $answer {
            fn answers(_: &mut Operation, _: &mut Schemas) {}
        }
    )+};
}

by_hand!((), Infallible, Refusal, Refused, Response, StatusCode);
