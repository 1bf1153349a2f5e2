//! Pages on the wire: `?limit=` and an opaque `?after=` in, a bare array and `Link: <..>; rel="next"` out.

use std::marker::PhantomData;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use keyward_domain::values::page::{DEFAULT_LIMIT, MAX_LIMIT, Page, Slice};
use keyward_guard::{Answers, Documented, Schemas};
use serde::Serialize;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::{HeaderBuilder, RefOr};
use utoipa::{IntoParams, ToSchema};

use super::cursor::{self, List};
use super::fields::{Fields, Input};
use super::query::{Here, Query};
use super::read;
use crate::answers::success::document_array;
use crate::error::ApiError;
use crate::fault::Flaw;

/// What comes in pages.
pub trait Listed {
    /// Whose cursors its pages have.
    const LIST: List;
}

/// The page of a list of `T` that the query asks for; `F` narrows the list.
pub struct Paged<T, F: Input = Unfiltered> {
    /// The page.
    pub page: Page,
    /// What narrows the list.
    pub filter: F::Value,
    /// Makes the answer.
    pub here: Place<T>,
}

/// Where in the list the caller is.
pub struct Place<T> {
    uri: Uri,
    list: PhantomData<fn() -> T>,
}

impl<T: Listed> Place<T> {
    /// The answer: what was found, with a link to the next page where there is one.
    pub fn listing<D: Into<T>>(&self, slice: Slice<D>) -> Listing<T> {
        let next = slice.next.and_then(|id| cursor::next_link(&self.uri, &cursor::encode(T::LIST, id)));
        Listing { items: slice.items.into_iter().map(Into::into).collect(), next }
    }
}

/// Nothing narrows the list.
pub struct Unfiltered;

impl Input for Unfiltered {
    type Value = ();

    fn read(_: &mut Fields<'_>) -> Option<()> {
        Some(())
    }
}

impl IntoParams for Unfiltered {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}

/// The parameters of every list, and its own.
#[derive(IntoParams)]
#[expect(dead_code, reason = "documents what `read` reads")]
struct Everywhere {
    /// At most so many.
    #[param(nullable = false, minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Beyond this cursor, which comes from the `Link` header of the page before.
    #[param(nullable = false)]
    after: Option<String>,
}

/// A page, and what narrows the list.
struct Request<T, F>(PhantomData<fn() -> (T, F)>);

impl<T: Listed, F: Input> Input for Request<T, F> {
    type Value = (Page, F::Value);

    fn read(fields: &mut Fields<'_>) -> Option<Self::Value> {
        let limit = fields.optional("limit", |value| read::between(value, 1, MAX_LIMIT.into()));
        let after = fields.optional("after", |value| {
            cursor::decode(T::LIST, read::string(value)?)
                .ok_or_else(|| Flaw::value("this cursor was not made by this list"))
        });
        let filter = F::read(fields);
        let limit = limit?.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT);
        Some((Page { limit, after: after? }, filter?))
    }
}

impl<T, F: IntoParams> IntoParams for Request<T, F> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut params = Everywhere::into_params(&place);
        params.extend(F::into_params(&place));
        params
    }
}

impl<S: Send + Sync, T: Listed, F: Input> FromRequestParts<S> for Paged<T, F> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query((page, filter)) = Query::<Request<T, F>>::from_request_parts(parts, state).await?;
        let Ok(Here(uri)) = Here::from_request_parts(parts, state).await;
        Ok(Self { page, filter, here: Place { uri, list: PhantomData } })
    }
}

impl<T: Listed, F: Input + IntoParams> Documented for Paged<T, F> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        Query::<Request<T, F>>::document(operation, schemas);
    }
}

/// One page of a list, as an answer.
pub struct Listing<T> {
    items: Vec<T>,
    next: Option<HeaderValue>,
}

impl<T: Serialize> IntoResponse for Listing<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.items).into_response();
        if let Some(next) = self.next {
            response.headers_mut().insert(header::LINK, next);
        }
        response
    }
}

impl<T: ToSchema> Answers for Listing<T> {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        document_array::<T>(operation, schemas, "One page");
        if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") {
            let words = "The next page, where there is one (RFC 8288)";
            let link = HeaderBuilder::new().description(Some(words)).build();
            response.headers.insert("Link".to_owned(), RefOr::T(link));
        }
    }
}
