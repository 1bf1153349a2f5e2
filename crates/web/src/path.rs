//! The parameters of a path: one, or two.

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

/// The `{id}` of a path: `Path(id): Path<i64>`. Of two parameters: `Path((id, key)): Path<(i64, KeyId)>`, where the second
/// says its [name](PathParam::NAME).
pub struct Path<T: PathParams>(pub T::Values);

/// What a path can have: a [`PathParam`], or a pair of them.
pub trait PathParams {
    /// What handlers get.
    type Values: Send;

    /// Reads them, in the order of the path. Returns every fault.
    ///
    /// # Errors
    /// What is wrong with each.
    fn read<'a>(given: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self::Values, Vec<Fault>>;

    /// Documents them.
    fn document(operation: &mut Operation, schemas: &mut Schemas);
}

/// What an `{id}` can be. For a type of another crate, implement it for a marker of your own that has that
/// `Value`.
pub trait PathParam {
    /// What handlers get.
    type Value: Send;
    /// What the document calls it.
    const NAME: &'static str = "id";

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

/// Reads the next parameter of a path.
fn next<'a, T: PathParam>(
    given: &mut impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<T::Value, Vec<Fault>> {
    let (name, text) = given.next().ok_or_else(|| vec![broken()])?;
    T::parse(text).map_err(|flaw| vec![flaw.in_field("path", name, Some(Value::String(text.to_owned())))])
}

impl<T: PathParam> PathParams for T {
    type Values = T::Value;

    fn read<'a>(mut given: impl Iterator<Item = (&'a str, &'a str)>) -> Result<T::Value, Vec<Fault>> {
        next::<T>(&mut given)
    }

    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        let parameter = ParameterBuilder::new()
            .name(T::NAME)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(T::schema()))
            .example(Some(T::example()))
            .build();
        operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
        let refused = |text: &str| Some(T::parse(text).err()?.in_field("path", T::NAME, Some(text.into())));
        document_validation(
            operation,
            schemas,
            refused("x").or_else(|| refused("\0")).unwrap_or_else(broken),
        );
    }
}

impl<A: PathParam, B: PathParam> PathParams for (A, B) {
    type Values = (A::Value, B::Value);

    fn read<'a>(mut given: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self::Values, Vec<Fault>> {
        match (next::<A>(&mut given), next::<B>(&mut given)) {
            (Ok(first), Ok(second)) => Ok((first, second)),
            (Err(faults), Ok(_)) | (Ok(_), Err(faults)) => Err(faults),
            (Err(mut faults), Err(further)) => {
                faults.extend(further);
                Err(faults)
            }
        }
    }

    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        A::document(operation, schemas);
        B::document(operation, schemas);
    }
}

impl<S: Send + Sync, T: PathParams> FromRequestParts<S> for Path<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| Rejection::fault(broken()))?;
        T::read(params.iter()).map(Self).map_err(Rejection::Faults)
    }
}

fn broken() -> Fault {
    Flaw::value("the path is not UTF-8").in_field("path", "id", None)
}

impl<T: PathParams> Documented for Path<T> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        T::document(operation, schemas);
    }
}
