//! Conditional requests (RFC 9110, section 13): whether the caller has the answer already.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use keyward_guard::{Documented, Schemas};
use utoipa::openapi::path::Operation;

/// The request's headers, for conditional requests.
pub struct Conditions(HeaderMap);

impl Conditions {
    /// Whether an `If-None-Match` names the tag (RFC 9110, section 13.1.2), which is compared weakly.
    pub fn know(&self, tag: &HeaderValue) -> bool {
        let named = |field: &HeaderValue| {
            let mut tags = field.to_str().unwrap_or_default().split(',').map(str::trim);
            tags.any(|known| {
                known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes()
            })
        };
        self.0.get_all(header::IF_NONE_MATCH).iter().any(named)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Conditions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.clone()))
    }
}

impl Documented for Conditions {
    fn document(_: &mut Operation, _: &mut Schemas) {}
}
