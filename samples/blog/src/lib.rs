//! Posts with owners, behind locks, and the published ones for anyone: a resource of Keyward.
//!
//! | module | holds |
//! |---|---|
//! | [`domain`] | what a post is, the rules, and the port that stores posts |
//! | [`storage`] | that port on SeaORM |
//! | [`routes`] | the operations, their scopes, and the JSON |
//! | [`migrations`] | the table |
//! | `own_data` | an account's posts, in the file that its owner downloads |
//! | [`wiring`] | the use cases on a service's ports |
//! | [`seed`] | example data |
#![forbid(unsafe_code)]

pub mod domain;
pub mod migrations;
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

use crate::routes::{scope, wire};

/// The name in `KEYWARD_RESOURCES`, and that of the set of migrations.
const NAME: &str = "blog";

/// What a server mounts.
pub fn resource() -> Resource {
    Resource {
        name: NAME,
        tags: &[("posts", "Posts, behind locks"), ("blog", "Published posts, for anyone")],
        scopes: vec![
            ResourceScope::of::<scope::PostsRead>(Role::User),
            ResourceScope::of::<scope::PostsWrite>(Role::User),
        ],
        lists: &[wire::POSTS],
        routes: Routes::new(routes::routes, wiring::posts),
        migrations: MigrationSet { name: NAME, files: migrations::files },
        letters: &[],
        seed: Some(seed::seed),
        cleaning: None,
        leaving: None,
        removing: None,
        own_data: &[OwnData { name: "posts", source: own_data::posts }],
    }
}
