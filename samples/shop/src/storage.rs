//! The shop in the database, and its letters.

mod carts;
mod catalog;
mod entity;
pub mod letters;
mod orders;
pub mod store;
