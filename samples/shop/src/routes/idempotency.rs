//! The `Idempotency-Key` header: what a client calls a request, so that sending it again does nothing more.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use keyward_guard::{Documented, Schemas};
use keyward_web::{Flaw, Rejection};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Required};

use crate::domain::order::IdempotencyKey;

const NAME: &str = "Idempotency-Key";

/// The key, if the request has one.
pub struct Idempotency(pub Option<IdempotencyKey>);

impl<S: Send + Sync> FromRequestParts<S> for Idempotency {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let mut fields = parts.headers.get_all(NAME).iter();
        let Some(field) = fields.next() else { return Ok(Self(None)) };
        // `to_str` lets spaces and tabs pass.
        let visible = field.as_bytes().iter().all(u8::is_ascii_graphic);
        let key = field.to_str().ok().filter(|_| visible).and_then(|text| IdempotencyKey::parse(text).ok());
        if key.is_some() && fields.next().is_none() {
            return Ok(Self(key));
        }
        let flaw = Flaw::value("the key must be 1 to 255 visible ASCII characters, given once");
        Err(flaw.in_field("header", NAME, None).into())
    }
}

impl Documented for Idempotency {
    fn document(operation: &mut Operation, _: &mut Schemas) {
        let parameter = ParameterBuilder::new()
            .name(NAME)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(
                "Sent again with the same key, the request does nothing more and is answered alike",
            ))
            .schema(Some(
                ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255)),
            ))
            .build();
        operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
    }
}
