//! OAuth2: registered clients, and what they may do with tokens.

pub mod clients;
pub mod tokens;
