//! The shop's tables as SeaORM sees them.

pub(crate) mod cart_items;
pub(crate) mod categories;
pub(crate) mod order_lines;
pub(crate) mod orders;
pub(crate) mod products;
