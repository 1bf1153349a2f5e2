//! What happens to every request and answer, on every route.

pub mod cors;
mod cors_log;
pub(crate) mod guarded;
pub(crate) mod host;
pub(crate) mod moved;
pub mod network;
pub mod proxies;
pub(crate) mod rare;
pub(crate) mod security_headers;
pub mod stopping;
pub(crate) mod wants_page;
