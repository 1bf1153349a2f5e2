//! Accounts: making, changing and deleting them, their addresses and passwords.

pub mod api_keys;
pub mod me;
pub mod recovery;
pub mod users;
pub mod verification;
