//! Accounts: making, changing and deleting them, and proving who owns them.

pub mod administrators;
pub mod api_key_error;
pub mod api_keys;
mod besides;
mod counting;
pub mod deletion;
pub mod error;
pub mod import;
mod link_token;
pub mod own_data;
pub mod own_events;
pub mod passwords;
pub mod proofs;
pub mod recovery;
pub mod registration;
pub mod resend_verification;
pub mod standing_keys;
pub mod users;
pub mod verification;
pub mod verification_error;
