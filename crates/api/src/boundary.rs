//! What happens to every request and answer, whatever the route.

pub mod cors;
pub(crate) mod host;
pub mod proxies;
pub mod stopping;
