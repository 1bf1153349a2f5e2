//! OAuth2 clients, and what people allowed them.

pub mod clients;
pub mod consents;
mod uris;
