//! Signing keys.

pub mod signing_keys;
