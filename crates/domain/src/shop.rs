//! A small shop: an open catalogue, a cart each, and orders that take the stock.

pub mod cart;
pub mod catalog;
pub mod orders;
mod placing;
