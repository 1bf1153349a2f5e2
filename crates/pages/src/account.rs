//! One's own account.

pub mod app;
pub mod apps;
pub mod data;
pub mod deletion;
pub mod devices;
mod download;
mod frame;
pub mod keys;
mod own_lists;
pub mod passkeys;
pub mod profile;
pub mod recovery_codes;
pub mod security;
