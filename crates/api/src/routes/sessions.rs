//! Sessions: logging in, refreshing, logging out, and the feed of sessions that ended.

pub mod login;
pub mod mfa;
pub mod owed;
pub mod own;
pub mod passkey;
pub mod refresh;
pub mod revocations;
