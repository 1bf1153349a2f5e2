//! Accounts, what proves who owns them, and reading accounts of other systems from files.

pub(crate) mod account_row;
mod api_keys;
pub mod deleted;
pub mod import;
mod overviews;
pub mod recoveries;
pub mod user_changes;
mod user_search;
pub mod users;
pub mod verifications;
