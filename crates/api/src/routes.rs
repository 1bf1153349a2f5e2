//! Handlers and their wire types, one file a noun. A handler extracts, calls one use case and shapes the answer.

pub mod factors;
pub mod health;
pub mod identity;
pub mod oauth;
pub mod rfc3339;
pub mod root;
pub mod sessions;
