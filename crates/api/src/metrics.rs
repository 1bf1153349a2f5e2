//! Numbers for a Prometheus server.

pub mod background;
pub mod counters;
pub mod endpoint;
mod labels;
pub mod scrape;
