//! Housekeeping that runs in the background.

pub mod cleaning;
pub mod deleted_accounts;
mod surplus;
