//! What goes out: successes and refusals as return types of handlers.

pub mod refused;
pub(crate) mod rfc6749;
pub mod success;
