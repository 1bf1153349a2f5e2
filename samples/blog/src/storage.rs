//! Posts in the database.

pub mod entity;
pub mod posts;
pub mod store;
