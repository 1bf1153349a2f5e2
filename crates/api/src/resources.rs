//! Resources: what crates of their own add to the service.

pub mod own_data;
pub mod pages;
pub mod resource;
pub mod routes;
