//! Posts with owners: a sample resource of Keyward, and the one to copy for your own. Start with `README.md`.
//!
//! | module | holds |
//! |---|---|
//! | [`domain`] | what a post is, what is done with posts, and the ports that needs |
//! | [`storage`] | those ports on SeaORM |
//! | [`routes`] | the operations, their scopes, and what goes over the wire |
//! | `migrations`, `seed` | the table, and example data |
#![forbid(unsafe_code)]

pub mod domain;
pub mod migrations;
pub mod routes;
pub mod seed;
pub mod storage;
pub mod wiring;

use keyward_api::foundation::Core;
use keyward_api::resources::resource::{Resource, ResourceScope};
use keyward_api::resources::routes::Routes;
use keyward_domain::values::scopes::Role;
use keyward_migration::MigrationSet;

use crate::routes::{scope, wire};

/// The blog, to be mounted by a server.
pub fn resource() -> Resource {
    Resource {
        name: "blog",
        tags: &[("posts", "Posts, behind locks"), ("blog", "Published posts, for anyone")],
        scopes: vec![
            ResourceScope::of::<scope::PostsRead>(Role::User),
            ResourceScope::of::<scope::PostsWrite>(Role::User),
        ],
        lists: &[wire::POSTS],
        routes: Routes::new(routes::routes, |core: &Core| wiring::posts(&core.foundation)),
        migrations: MigrationSet { name: "blog", files: migrations::files },
        letters: &[],
        seed: Some(seed::seed),
        cleaning: None,
        leaving: Some(storage::store::leaving),
    }
}
