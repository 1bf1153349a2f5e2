//! OAuth2 clients, and what people allowed them.

pub mod clients;
pub mod consents;
pub mod devices;
pub mod logouts;
pub mod receivers;
mod uris;
