//! Second factors, and what is good once.

pub mod changes;
mod credential_keys;
pub mod passkeys;
pub mod repository;
pub mod spent;
pub mod webauthn;
