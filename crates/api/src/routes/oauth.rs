//! OAuth2 for programs: the token endpoints, the public keys and the server's metadata.

pub mod check;
pub mod grant_error;
pub mod keys;
pub mod metadata;
pub mod tokens;
