//! The shop in the database, and its letters.

pub mod carts;
pub mod catalog;
pub mod entity;
pub mod leaving;
pub mod letters;
pub mod orders;
pub mod store;
