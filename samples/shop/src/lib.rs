//! A small shop: a resource of Keyward with an open catalogue, a cart per user, and orders that are confirmed by mail in
//! the transaction that places them. `README.md` says what it shows beyond the blog.
//!
//! | module | holds |
//! |---|---|
//! | [`domain`] | products, carts and orders, the rules, and the ports that store them and word the mail |
//! | [`storage`] | those ports on SeaORM and on templates |
//! | [`routes`] | the operations, their scopes, and the JSON |
//! | `own_data` | an account's cart and orders, in the file that its owner downloads |
//! | [`wiring`] | the use cases on a service's ports |
//! | [`seed`] | example data |
#![forbid(unsafe_code)]

pub mod domain;
mod own_data;
pub mod routes;
pub mod seed;
pub mod storage;
pub mod wiring;

use keyward_api::resources::own_data::OwnData;
use keyward_api::resources::resource::{Resource, ResourceScope};
use keyward_api::resources::routes::Routes;
use keyward_domain::values::scopes::Role;
use keyward_migration::MigrationSet;

use crate::routes::scope;
use crate::storage::letters::ORDER_CONFIRMATION;

/// The name in `KEYWARD_RESOURCES`, and that of the set of migrations.
const NAME: &str = "shop";

/// What a server mounts. The tables are in Keyward's own history; a later change to them is a file of this set.
pub fn resource() -> Resource {
    Resource {
        name: NAME,
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
        migrations: MigrationSet { name: NAME, files: Vec::new },
        letters: &[ORDER_CONFIRMATION],
        seed: Some(seed::seed),
        cleaning: None,
        leaving: Some(storage::leaving::leaving),
        removing: Some(storage::leaving::removing),
        own_data: &[
            OwnData { name: "cart", source: own_data::cart },
            OwnData { name: "orders", source: own_data::orders },
        ],
    }
}
