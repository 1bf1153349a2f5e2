//! Accounts, what proves who owns them, and reading accounts of other systems from files.

mod api_keys;
pub mod deleted;
pub mod import;
pub mod recoveries;
pub mod user_changes;
pub mod users;
pub mod verifications;
