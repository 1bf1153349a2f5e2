//! Whether this service has pages for people.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use keyward_guard::{Documented, Schemas};
use utoipa::openapi::path::Operation;

/// Marks the requests of a service that has pages for people.
#[derive(Clone, Copy)]
pub(crate) struct WithPages;

/// Whether this service has pages for people, to which applications send them.
pub struct HasPages(pub bool);

impl<S: Send + Sync> FromRequestParts<S> for HasPages {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<WithPages>().is_some()))
    }
}

impl Documented for HasPages {
    fn document(_: &mut Operation, _: &mut Schemas) {}
}
