//! Readers: what makes a checked value of a field, and its schema.

use keyward_guard::Schemas;
use serde_json::Value;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::fault::{Fault, Flaw};
use crate::given::Given;

/// Reads the value of a field and documents it. `C` is the context of the body that the field is in: see
/// [`Input::Context`](crate::Input::Context).
pub trait Reader<C = ()> {
    /// What is read.
    type Value;

    /// Whether a fault leaves the value out.
    const SECRET: bool = false;

    /// Reads the value.
    ///
    /// # Errors
    /// What is wrong with it.
    fn read(&self, given: Given<'_>, context: &C) -> Result<Self::Value, Flaw>;

    /// Reads a value that has parts, and reports every fault: where each is within the value, and what was sent there. For a value
    /// without parts this reports what [`Reader::read`] does.
    ///
    /// # Errors
    /// Every fault, in the order of the parts.
    fn read_parts(&self, given: Given<'_>, context: &C) -> Result<Self::Value, Vec<Fault>> {
        let fault = |flaw: Flaw| vec![flaw.at(Vec::new(), Some(given.value().clone()))];
        self.read(given, context).map_err(fault)
    }

    /// The schema of the field.
    fn schema(&self) -> RefOr<Schema>;

    /// Adds the schemas that [`Reader::schema`] refers to by name.
    fn schemas(&self, _: &mut Schemas) {}
}

/// A type that a field may have without naming a reader.
pub trait Field: Sized {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with the value.
    fn read(given: Given<'_>) -> Result<Self, Flaw>;

    /// Its schema.
    fn schema() -> RefOr<Schema>;
}

/// A schema of this type.
pub(crate) fn of_type(schema_type: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(schema_type)
}

/// The schema of an integer.
pub(crate) fn of_integer(format: KnownFormat) -> ObjectBuilder {
    of_type(Type::Integer).format(Some(SchemaFormat::KnownFormat(format)))
}

impl Field for String {
    fn read(given: Given<'_>) -> Result<Self, Flaw> {
        given.string().map(str::to_owned)
    }

    fn schema() -> RefOr<Schema> {
        of_type(Type::String).into()
    }
}

impl Field for bool {
    fn read(given: Given<'_>) -> Result<Self, Flaw> {
        given.boolean()
    }

    fn schema() -> RefOr<Schema> {
        of_type(Type::Boolean).into()
    }
}

/// Any JSON value.
impl Field for Value {
    fn read(given: Given<'_>) -> Result<Self, Flaw> {
        Ok(given.value().clone())
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(SchemaType::AnyValue).into()
    }
}
