//! Signing keys and their rotation.

pub mod division;
pub mod id_token_keys;
pub mod signing_keys;
