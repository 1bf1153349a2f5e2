//! Posts in the database.

pub mod entity;
mod paging;
pub mod posts;
mod rows;
pub mod store;
