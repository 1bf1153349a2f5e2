//! Sessions: logging in, refreshing, logging out, and the feed of sessions that ended.

pub mod login;
pub mod own;
pub mod refresh;
pub mod revocations;
