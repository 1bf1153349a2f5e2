//! Accounts, and what proves who owns them.

pub mod recoveries;
pub mod user_changes;
pub mod users;
pub mod verifications;
