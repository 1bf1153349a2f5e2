//! The ids of Keyward's own nouns in paths.

use std::marker::PhantomData;

use keyward_domain::values::ids::{ApiKeyId, ClientId, PasskeyId, SessionId, UserId};
use keyward_web::{Flaw, PathParam};
use serde_json::Value;
use utoipa::openapi::Schema;
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};

use super::clients::{no_id, of_id};

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

integers!(ApiKeyId UserId PasskeyId);

/// The id of an API key behind that of its owner: `Path((id, key)): Path<(Id<UserId>, KeyOfUser)>`.
pub struct KeyOfUser;

impl PathParam for KeyOfUser {
    type Value = ApiKeyId;
    const NAME: &'static str = "key";

    fn parse(text: &str) -> Result<ApiKeyId, Flaw> {
        <Id<ApiKeyId> as PathParam>::parse(text)
    }

    fn schema() -> Schema {
        <Id<ApiKeyId> as PathParam>::schema()
    }

    fn example() -> Value {
        <Id<ApiKeyId> as PathParam>::example()
    }
}

impl PathParam for Id<ClientId> {
    type Value = ClientId;

    fn parse(text: &str) -> Result<ClientId, Flaw> {
        ClientId::parse(text).ok_or_else(no_id)
    }

    fn schema() -> Schema {
        of_id().into()
    }

    fn example() -> Value {
        "web".into()
    }
}

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
