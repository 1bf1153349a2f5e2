//! A small shop: a sample resource of Keyward, with an open catalogue, a cart per user, and orders that are confirmed by
//! mail in the transaction that places them.
//!
//! | module | holds |
//! |---|---|
//! | [`domain`] | catalogue, carts and orders, what is done with them, and the ports that needs |
//! | [`storage`] | those ports on SeaORM, and the letters |
//! | [`routes`] | the operations, their scopes, and what goes over the wire |
#![forbid(unsafe_code)]

pub mod domain;
pub mod routes;
pub mod seed;
pub mod storage;
pub mod wiring;

use keyward_api::resources::resource::{Resource, ResourceScope};
use keyward_api::resources::routes::Routes;
use keyward_domain::values::scopes::Role;
use keyward_migration::MigrationSet;

use crate::routes::scope;
use crate::storage::letters::ORDER_CONFIRMATION;

/// The shop, to be mounted by a server. Its tables came with Keyward's own history; later changes to them belong here.
pub fn resource() -> Resource {
    Resource {
        name: "shop",
        tags: &[
            ("catalog", "What the shop has, for anyone to read"),
            ("cart", "What I want"),
            ("orders", "What I bought, at the price of its day"),
        ],
        scopes: vec![
            ResourceScope::of::<scope::Shop>(Role::User),
            ResourceScope::of::<scope::CatalogWrite>(Role::Admin),
        ],
        lists: &[routes::catalog::CATEGORIES, routes::catalog::PRODUCTS, routes::orders::ORDERS],
        routes: Routes::new(routes::routes, wiring::shop),
        migrations: MigrationSet { name: "shop", files: Vec::new },
        letters: &[ORDER_CONFIRMATION],
        seed: Some(seed::seed),
        cleaning: None,
        leaving: None,
    }
}
