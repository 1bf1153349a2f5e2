//! OAuth2 clients.

pub mod clients;
