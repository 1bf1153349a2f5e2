//! One's own account.

pub mod app;
pub mod apps;
pub mod data;
pub mod deletion;
pub mod devices;
mod frame;
pub mod keys;
pub mod passkeys;
pub mod profile;
pub mod recovery_codes;
pub mod security;
