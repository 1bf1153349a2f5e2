//! Named schemas of an OpenAPI document, collected from the types that refer to them.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

/// Named schemas that operations refer to.
pub type Schemas = Vec<(String, RefOr<Schema>)>;
