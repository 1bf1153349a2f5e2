//! Accounts: reading files of them that another system wrote.

pub mod import;
