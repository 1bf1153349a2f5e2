//! Resources: what crates of their own add to the service.

pub mod core;
pub mod resource;
pub mod routes;
