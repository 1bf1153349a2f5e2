//! Resources: what crates of their own add to the service.

pub mod resource;
pub mod routes;
