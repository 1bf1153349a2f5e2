//! Posts in the database.

mod entity;
mod posts;
pub mod store;
