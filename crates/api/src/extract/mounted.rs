//! Whether this service has pages for people.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use keyward_guard::{Documented, Schemas};
use utoipa::openapi::path::Operation;

use crate::state::AppState;

/// Whether this service has pages for people, to which applications send them.
pub struct HasPages(pub bool);

impl FromRequestParts<AppState> for HasPages {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(Self(state.has_pages))
    }
}

impl Documented for HasPages {
    fn document(_: &mut Operation, _: &mut Schemas) {}
}
