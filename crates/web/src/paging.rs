//! Pages on the wire: `?limit=` and an opaque `?after=` in, a bare array and `Link: <..>; rel="next"` out.

use std::marker::PhantomData;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use keyward_guard::{Answers, Documented, Schemas, document_array};
use serde::Serialize;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{HeaderBuilder, RefOr, Schema};
use utoipa::{IntoParams, ToSchema};

use crate::cursor::{self, Key, List, Narrowing};
use crate::fault::Flaw;
use crate::fields::Fields;
use crate::given::Given;
use crate::input::{FromState, Input};
use crate::query::{Here, Query};
use crate::reader::{Reader, of_type};
use crate::rejection::Rejection;
use crate::shape::{Properties, Property};

/// How many rows a page has when the caller does not say.
pub const DEFAULT_LIMIT: u32 = 50;
/// How many rows a page may have.
pub const MAX_LIMIT: u32 = 200;

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<K = i64> {
    /// The most rows: 1 to [`MAX_LIMIT`]. Fetch one more, which shows whether there is a next page.
    pub limit: u32,
    /// Only rows that come after this key in the order of the list.
    pub after: Option<K>,
}

/// What comes in pages, ordered by a key: an `i64` as a rule, a `u128` for UUIDs.
pub trait Listed<K: Key = i64> {
    /// Whose cursors its pages have.
    const LIST: List;
}

/// The page of a list of `T` that the query asks for; `F` narrows the list, and `K` is the key of its order.
pub struct Paged<T, F: Input = Unfiltered, K = i64> {
    /// The page.
    pub page: Page<K>,
    /// What narrows the list.
    pub filter: F,
    /// Makes the answer.
    pub here: Place<T, K>,
}

/// Where in the list the caller is.
pub struct Place<T, K = i64> {
    uri: Uri,
    narrowing: Narrowing,
    list: PhantomData<fn(K) -> T>,
}

impl<K: Key, T: Listed<K>> Place<T, K> {
    /// The answer: the rows that were found. `next` is the key of the last of them if there are more, and
    /// becomes a link to the next page.
    pub fn listing(&self, items: Vec<T>, next: Option<K>) -> Listing<T> {
        let next =
            next.and_then(|key| cursor::next_link(&self.uri, &cursor::encode(T::LIST, self.narrowing, key)));
        Listing { items, next }
    }
}

/// Nothing narrows the list.
#[derive(keyward_web_derive::Input)]
pub struct Unfiltered;

/// The parameter of every list, beside the cursor.
#[derive(keyward_web_derive::Input)]
struct Everywhere {
    /// Maximum number of rows.
    #[input(range = 1..=MAX_LIMIT, default = DEFAULT_LIMIT)]
    limit: u32,
}

/// What is said of a position that is counted from the beginning.
const SKIPPED: &str = "pages are not counted from the beginning: the next one is at the Link header's rel=\"next\", whose `after` is a cursor";

/// Reads a cursor of the list that is the context.
struct Cursor<K>(PhantomData<K>);

impl<K> Cursor<K> {
    const NAME: &str = "after";
}

impl<K: Key> Reader<List> for Cursor<K> {
    type Value = (Narrowing, K);

    fn read(&self, given: Given<'_>, list: &List) -> Result<(Narrowing, K), Flaw> {
        let read = cursor::decode(*list, given.string()?);
        read.ok_or_else(|| Flaw::value("this cursor was not made by this list"))
    }

    fn schema(&self) -> RefOr<Schema> {
        of_type(Type::String).into()
    }
}

/// A page, and what narrows the list.
struct Request<T, F, K> {
    page: Page<K>,
    filter: F,
    narrowing: Narrowing,
    list: PhantomData<fn() -> T>,
}

impl<K: Key, T: Listed<K>, F: Input> Input for Request<T, F, K> {
    type Context = F::Context;

    fn read(fields: &mut Fields<'_>, context: &F::Context) -> Option<Self> {
        let everywhere = Everywhere::read(fields, &());
        let after = fields.optional(Cursor::<K>::NAME, &Cursor(PhantomData), &T::LIST);
        let filter = F::read(fields, context);
        let narrowing = fields.digest(&["limit", Cursor::<K>::NAME]);
        // Under other filters the rows beyond it are another list's. Cursors of version 0.1 do not say which they were made for.
        if after.flatten().is_some_and(|(made_for, _)| made_for.is_some() && made_for != narrowing) {
            fields
                .fault(Cursor::<K>::NAME, Flaw::value("this cursor was made for other filters of this list"));
        }
        // Ignored like other unknown names, it would give the first page for ever.
        for name in ["skip", "offset"] {
            fields.refuse(name, &Flaw::value(SKIPPED));
        }
        let page = Page { limit: everywhere?.limit, after: after?.map(|(_, key)| key) };
        Some(Self { page, filter: filter?, narrowing, list: PhantomData })
    }
}

impl<T, F: IntoParams, K: Key> IntoParams for Request<T, F, K> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let after = Property::of(Cursor::<K>::NAME, &Cursor::<K>(PhantomData))
            .nullable()
            .described("Beyond this cursor, which comes from the `Link` header of the page before.");
        let mut params = Everywhere::into_params(&place);
        params.extend(Properties::new().with(after).parameters(place()));
        params.extend(F::into_params(&place));
        params
    }
}

impl<S, T, F, K> FromRequestParts<S> for Paged<T, F, K>
where
    S: Send + Sync,
    K: Key,
    T: Listed<K>,
    F: Input,
    F::Context: FromState<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let Query(request) = Query::<Request<T, F, K>>::from_request_parts(parts, state).await?;
        let Ok(Here(uri)) = Here::from_request_parts(parts, state).await;
        let here = Place { uri, narrowing: request.narrowing, list: PhantomData };
        Ok(Self { page: request.page, filter: request.filter, here })
    }
}

impl<K: Key, T: Listed<K>, F: Input + IntoParams> Documented for Paged<T, F, K> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        Query::<Request<T, F, K>>::document(operation, schemas);
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
