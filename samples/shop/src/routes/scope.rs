//! The scopes of the shop's locks.

use keyward_guard::Scope;

/// Shop.
pub struct Shop;

impl Scope for Shop {
    const NAME: &'static str = "shop";
    const TITLE: &'static str = "Fill your cart and place orders";
}

/// Write the catalogue.
pub struct CatalogWrite;

impl Scope for CatalogWrite {
    const NAME: &'static str = "catalog:write";
    const TITLE: &'static str = "Change what the shop has";
}
