//! What the shop has, and what is done with it.

pub mod cart;
pub mod carts;
pub mod catalog;
pub mod ids;
pub mod letters;
pub mod money;
pub mod order;
pub mod order_error;
pub mod orders;
pub mod product;
pub mod store;
