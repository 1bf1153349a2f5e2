//! Successes as return types: each is its status, its body, and what the document says of both.

use std::marker::PhantomData;

use axum::Json;
use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_guard::{Answers, Schemas, document_array, document_success};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;

/// 201, with what was made.
pub struct Created<T>(pub T);

/// 202, with what happens next.
pub struct Accepted<T>(pub T);

/// 200, with all items of a short list as a bare array.
pub struct Items<T>(pub Vec<T>);

/// 200, with a body that no cache may keep (RFC 6749, section 5.1).
pub struct NoStore<T>(pub T);

/// 200, with a `T` that was written as JSON before.
pub struct Written<T> {
    json: Bytes,
    written: PhantomData<fn() -> T>,
}

impl<T: Serialize> Written<T> {
    /// The JSON of `value`, to be kept and answered again.
    ///
    /// # Panics
    /// If `T` cannot be JSON, as a map with keys that are no strings.
    pub fn json(value: &T) -> Bytes {
        serde_json::to_vec(value).expect("answers can be written as JSON").into()
    }
}

impl<T> From<Bytes> for Written<T> {
    fn from(json: Bytes) -> Self {
        Self { json, written: PhantomData }
    }
}

impl<T> IntoResponse for Written<T> {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], self.json).into_response()
    }
}

impl<T: ToSchema> Answers for Written<T> {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        document_success::<T>(operation, schemas, StatusCode::OK);
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

impl<T: ToSchema> Answers for Created<T> {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        document_success::<T>(operation, schemas, StatusCode::CREATED);
    }
}

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Json(self.0)).into_response()
    }
}

impl<T: ToSchema> Answers for Accepted<T> {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        document_success::<T>(operation, schemas, StatusCode::ACCEPTED);
    }
}

impl<T: Serialize> IntoResponse for Items<T> {
    fn into_response(self) -> Response {
        Json(self.0).into_response()
    }
}

impl<T: ToSchema> Answers for Items<T> {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        document_array::<T>(operation, schemas, "All of them");
    }
}

impl<T: Serialize> IntoResponse for NoStore<T> {
    fn into_response(self) -> Response {
        let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
        (headers, Json(self.0)).into_response()
    }
}

impl<T: ToSchema> Answers for NoStore<T> {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        document_success::<T>(operation, schemas, StatusCode::OK);
    }
}
