//! Signing keys and their rotation.

pub mod division;
pub mod signing_keys;
