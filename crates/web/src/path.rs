//! The one parameter a path may have.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use keyward_guard::{Documented, Schemas};
use serde_json::Value;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, Type};
use utoipa::openapi::{RefOr, Required, Schema};

use crate::fault::{Fault, Flaw};
use crate::given::{Given, parse_integer};
use crate::reader::{Field, of_integer, of_type};
use crate::rejection::{Rejection, document_validation};

/// The `{id}` of a path.
pub struct Path<T: PathParam>(pub T::Value);

/// What an `{id}` can be. For a type of another crate, implement it for a marker of your own that has that
/// `Value`.
pub trait PathParam {
    /// What handlers get.
    type Value: Send;

    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with the text.
    fn parse(text: &str) -> Result<Self::Value, Flaw>;
    /// Its schema.
    fn schema() -> Schema;
    /// What one looks like.
    fn example() -> Value;
}

/// An id that is an integer of 64 bits.
pub trait IntegerId: Sized + Send {
    /// The id of that number.
    fn from_integer(number: i64) -> Self;
}

impl IntegerId for i64 {
    fn from_integer(number: i64) -> Self {
        number
    }
}

impl<T: IntegerId> PathParam for T {
    type Value = T;

    fn parse(text: &str) -> Result<T, Flaw> {
        parse_integer(text).map(T::from_integer)
    }

    fn schema() -> Schema {
        of_integer(KnownFormat::Int64).into()
    }

    fn example() -> Value {
        1.into()
    }
}

impl PathParam for String {
    type Value = Self;

    fn parse(text: &str) -> Result<Self, Flaw> {
        if text.contains('\0') { Err(Flaw::nul()) } else { Ok(text.to_owned()) }
    }

    fn schema() -> Schema {
        of_type(Type::String).into()
    }

    fn example() -> Value {
        "name".into()
    }
}

/// Such an id may stand in a body, too.
impl<T: IntegerId> Field for T {
    fn read(given: Given<'_>) -> Result<Self, Flaw> {
        given.integer().map(Self::from_integer)
    }

    fn schema() -> RefOr<Schema> {
        of_integer(KnownFormat::Int64).into()
    }
}

impl<S: Send + Sync, T: PathParam> FromRequestParts<S> for Path<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| broken())?;
        let (name, text) = params.iter().next().ok_or_else(broken)?;
        T::parse(text).map(Self).map_err(|flaw| {
            Rejection::fault(flaw.in_field("path", name, Some(Value::String(text.to_owned()))))
        })
    }
}

fn broken() -> Fault {
    Flaw::value("the path is not UTF-8").in_field("path", "id", None)
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
        let refused = |text: &str| Some(T::parse(text).err()?.in_field("path", "id", Some(text.into())));
        document_validation(
            operation,
            schemas,
            refused("x").or_else(|| refused("\0")).unwrap_or_else(broken),
        );
    }
}
