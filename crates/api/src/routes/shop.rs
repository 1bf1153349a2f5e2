//! The shop on the wire: the catalogue for anyone, carts and orders behind locks.

mod amount;
pub mod cart;
pub mod catalog;
pub mod orders;
