//! The blog's table. A server that mounts the blog applies these files at its start, after Keyward's own.

mod m20261129_000001_posts;

use keyward_migration::prelude::MigrationTrait;

/// Every migration, in the order in which they are applied.
pub fn files() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(m20261129_000001_posts::Migration)]
}
