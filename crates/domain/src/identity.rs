//! Accounts: making, changing and deleting them, and proving who owns them.

pub mod administrators;
pub mod api_key_error;
pub mod api_keys;
mod counting;
pub mod deletion;
pub mod error;
pub mod import;
pub mod passwords;
pub mod proofs;
pub mod recovery;
pub mod registration;
pub mod standing_keys;
pub mod users;
pub mod verification;
pub mod verification_error;
