//! The ids of Keyward's own nouns in paths.

use std::marker::PhantomData;

use keyward_domain::values::ids::{PasskeyId, SessionId, UserId};
use keyward_web::{Flaw, PathParam};
use serde_json::Value;
use utoipa::openapi::Schema;
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};

/// The id in a path, of a type of the domain: `Path(id): Path<Id<UserId>>`.
pub struct Id<T>(PhantomData<T>);

macro_rules! integers {
    ($($id:ident)*) => {
        $(
            impl PathParam for Id<$id> {
                type Value = $id;

                fn parse(text: &str) -> Result<$id, Flaw> {
                    <i64 as PathParam>::parse(text).map($id)
                }

                fn schema() -> Schema {
                    <i64 as PathParam>::schema()
                }

                fn example() -> Value {
                    <i64 as PathParam>::example()
                }
            }
        )*
    };
}

integers!(UserId PasskeyId);

impl PathParam for Id<SessionId> {
    type Value = SessionId;

    fn parse(text: &str) -> Result<SessionId, Flaw> {
        let uuid = uuid::Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
        uuid.map(SessionId).ok_or_else(|| Flaw::new("uuid_parsing", "Input should be a valid UUID"))
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
