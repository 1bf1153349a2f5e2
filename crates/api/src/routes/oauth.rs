//! OAuth2 for programs: the token endpoints, the public keys and the server's metadata.

pub mod check;
mod client_bodies;
pub mod clients;
pub mod device;
pub mod grant_error;
pub mod grants;
pub mod keys;
pub mod metadata;
pub mod push;
pub mod resource_metadata;
pub mod token_state;
pub mod tokens;
pub mod userinfo;
