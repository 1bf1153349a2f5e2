//! What happens to every request and answer, whatever the route.

pub mod cors;
pub(crate) mod host;
pub(crate) mod middleware;
pub mod proxies;
pub mod stopping;
