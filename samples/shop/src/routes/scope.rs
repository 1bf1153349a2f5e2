//! The scopes of the shop's locks.

use keyward_guard::Scope;

pub struct Shop;

impl Scope for Shop {
    const NAME: &'static str = "shop";
    const TITLE: &'static str = "Fill your cart and place orders";
}

pub struct CatalogWrite;

impl Scope for CatalogWrite {
    const NAME: &'static str = "catalog:write";
    const TITLE: &'static str = "Change what the shop has";
}
