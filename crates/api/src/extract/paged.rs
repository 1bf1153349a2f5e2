//! Pages of the domain's lists: `keyward_web::Paged` with the domain's pages.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use keyward_domain::values::page::{self, Page, Slice};
use keyward_guard::{Documented, Schemas};
use keyward_web::{FromState, Input, Key, List, Listed, Listing, Rejection, Unfiltered};
use utoipa::IntoParams;
use utoipa::openapi::path::Operation;

const _: () = assert!(keyward_web::MAX_LIMIT == page::MAX_LIMIT, "the longest page of the domain");
const _: () = assert!(keyward_web::DEFAULT_LIMIT == page::DEFAULT_LIMIT, "the usual page of the domain");

/// The list of accounts, by its cursors.
pub const USERS: List = List(b'u');
/// The list of an account's sessions, by its cursors.
pub const SESSIONS: List = List(b's');

/// The page of a list of `T` that the query asks for; `F` narrows the list, and `K` is the key of its order.
pub struct Paged<T, F: Input = Unfiltered, K = i64> {
    pub page: Page<K>,
    /// What narrows the list.
    pub filter: F,
    pub here: Place<T, K>,
}

/// Where in the list the caller is.
pub struct Place<T, K = i64>(keyward_web::Place<T, K>);

impl<K: Key, T: Listed<K>> Place<T, K> {
    /// The answer: what was found, with a link to the next page where there is one.
    pub fn listing<D: Into<T>>(&self, slice: Slice<D, K>) -> Listing<T> {
        self.0.listing(slice.items.into_iter().map(Into::into).collect(), slice.next)
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
        let paged = keyward_web::Paged::<T, F, K>::from_request_parts(parts, state).await?;
        let keyward_web::Page { limit, after } = paged.page;
        Ok(Self { page: Page { limit, after }, filter: paged.filter, here: Place(paged.here) })
    }
}

impl<K: Key, T: Listed<K>, F: Input + IntoParams> Documented for Paged<T, F, K> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        keyward_web::Paged::<T, F, K>::document(operation, schemas);
    }
}
