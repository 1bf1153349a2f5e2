//! Readers of what a client is made of, for `#[input(read = ..)]`.

use keyward_auth::ScopeSet;
use keyward_domain::oauth::clients::MOST_URIS;
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::uris::{LONGEST, UriError};
use keyward_web::{Fault, Flaw, Given, Loc, Reader};
use serde_json::json;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};

/// Reads the id of a client.
pub fn id() -> IdReader {
    IdReader
}

/// Made by [`id`].
pub struct IdReader;

/// What is wrong with a text that is no id of a client.
pub(super) fn no_id() -> Flaw {
    Flaw::value("it must be 1 to 100 visible ASCII characters other than : % and +, not digits alone")
}

/// The schema of the id of a client.
pub(super) fn of_id() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(100))
}

impl<C> Reader<C> for IdReader {
    type Value = ClientId;

    fn read(&self, given: Given<'_>, _: &C) -> Result<ClientId, Flaw> {
        ClientId::parse(given.string()?).ok_or_else(no_id)
    }

    fn schema(&self) -> RefOr<Schema> {
        of_id().into()
    }
}

/// Reads scopes, separated by spaces.
pub fn scope() -> ScopeReader {
    ScopeReader
}

/// Made by [`scope`].
pub struct ScopeReader;

impl<C> Reader<C> for ScopeReader {
    type Value = ScopeSet;

    fn read(&self, given: Given<'_>, _: &C) -> Result<ScopeSet, Flaw> {
        ScopeSet::parse(given.string()?).map_err(|error| Flaw::value(&error.to_string()))
    }

    fn schema(&self) -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).into()
    }
}

/// Reads a URI, or empty text, by `parse`.
pub fn uri<T>(parse: fn(&str) -> Result<T, UriError>) -> UriReader<T> {
    UriReader { parse }
}

/// Made by [`uri`].
pub struct UriReader<T> {
    parse: fn(&str) -> Result<T, UriError>,
}

impl<C, T> Reader<C> for UriReader<T> {
    type Value = T;

    fn read(&self, given: Given<'_>, _: &C) -> Result<T, Flaw> {
        (self.parse)(given.string()?).map_err(|error| Flaw::value(&error.to_string()))
    }

    fn schema(&self) -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(LONGEST)).into()
    }
}

/// Reads a list of URIs, each by `parse`.
pub fn uris<T>(parse: fn(&str) -> Result<T, UriError>) -> UrisReader<T> {
    UrisReader { parse }
}

/// Made by [`uris`].
pub struct UrisReader<T> {
    parse: fn(&str) -> Result<T, UriError>,
}

impl<C, T> Reader<C> for UrisReader<T> {
    type Value = Vec<T>;

    fn read(&self, given: Given<'_>, context: &C) -> Result<Vec<T>, Flaw> {
        self.read_parts(given, context).map_err(|_| Flaw::new("list_type", "Input should be a valid list"))
    }

    fn read_parts(&self, given: Given<'_>, _: &C) -> Result<Vec<T>, Vec<Fault>> {
        let whole = |flaw: Flaw| vec![flaw.at(Vec::new(), Some(given.value().clone()))];
        let list = given.value().as_array();
        let list = list.ok_or_else(|| whole(Flaw::new("list_type", "Input should be a valid list")))?;
        if list.len() > MOST_URIS {
            let words =
                format!("List should have at most {MOST_URIS} items after validation, not {}", list.len());
            let ctx = json!({ "field_type": "List", "max_length": MOST_URIS, "actual_length": list.len() });
            return Err(whole(Flaw::with_ctx("too_long", words, ctx)));
        }
        let (mut parsed, mut faults) = (Vec::new(), Vec::new());
        for (index, value) in list.iter().enumerate() {
            let text = Given::new(value, false).string();
            match text.and_then(|text| (self.parse)(text).map_err(|error| Flaw::value(&error.to_string()))) {
                Ok(uri) => parsed.push(uri),
                Err(flaw) => faults.push(flaw.at(vec![Loc::Index(index)], Some(value.clone()))),
            }
        }
        if faults.is_empty() { Ok(parsed) } else { Err(faults) }
    }

    fn schema(&self) -> RefOr<Schema> {
        let uri = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("uri".to_owned())))
            .max_length(Some(LONGEST));
        ArrayBuilder::new().items(RefOr::<Schema>::from(uri)).max_items(Some(MOST_URIS)).into()
    }
}
