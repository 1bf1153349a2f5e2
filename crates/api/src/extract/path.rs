//! The one parameter a path may have.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use keyward_domain::values::ids::SessionId;
use keyward_domain::values::ids::UserId;
use keyward_guard::{Documented, Schemas};
use serde_json::Value;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Required, Schema};

use super::read;
use crate::error::{ApiError, document_validation};
use crate::fault::Flaw;

/// The `{id}` of a path.
pub struct Path<T>(pub T);

/// What an `{id}` can be.
pub trait PathParam: Sized + Send {
    /// Reads it.
    fn parse(text: &str) -> Result<Self, Flaw>;
    /// Its schema.
    fn schema() -> Schema;
    /// What one looks like.
    fn example() -> Value;
}

/// An id that is an integer of 64 bits.
pub trait IntegerId: Send {
    /// The id of that number.
    fn from_integer(number: i64) -> Self;
}

impl IntegerId for UserId {
    fn from_integer(number: i64) -> Self {
        Self(number)
    }
}

impl<T: IntegerId> PathParam for T {
    fn parse(text: &str) -> Result<Self, Flaw> {
        read::integer(text).map(Self::from_integer)
    }

    fn schema() -> Schema {
        integer()
    }

    fn example() -> Value {
        1.into()
    }
}

impl PathParam for SessionId {
    fn parse(text: &str) -> Result<Self, Flaw> {
        let uuid = uuid::Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
        uuid.map(Self).ok_or_else(|| Flaw::new("uuid_parsing", "Input should be a valid UUID"))
    }

    fn schema() -> Schema {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("uuid".to_owned())))
            .into()
    }

    fn example() -> Value {
        "0193a5c0-0000-7000-8000-000000000000".into()
    }
}

fn integer() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .into()
}

impl<S: Send + Sync, T: PathParam> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let broken = || ApiError::fault(Flaw::value("the path is not UTF-8").in_field("path", "id", None));
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| broken())?;
        let (name, text) = params.iter().next().ok_or_else(broken)?;
        T::parse(text).map(Self).map_err(|flaw| {
            ApiError::fault(flaw.in_field("path", name, Some(Value::String(text.to_owned()))))
        })
    }
}

impl<T: PathParam> Documented for Path<T> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        let parameter = ParameterBuilder::new()
            .name("id")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(T::schema()))
            .example(Some(T::example()))
            .build();
        operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
        if let Err(flaw) = T::parse("x") {
            let fault = flaw.in_field("path", "id", Some("x".into()));
            document_validation(operation, schemas, &ApiError::fault(fault));
        }
    }
}
