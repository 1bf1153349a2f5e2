//! The OpenAPI document, and the pages that show it: Swagger UI and ReDoc.

pub(crate) mod docs;
pub(crate) mod openapi;
mod packed;
