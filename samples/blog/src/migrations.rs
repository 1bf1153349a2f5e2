//! The blog's table, in a set of migrations of its own.

mod m20261129_000001_posts;

use keyward_migration::prelude::MigrationTrait;

/// Every migration, in the order in which they are applied.
pub fn files() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(m20261129_000001_posts::Migration)]
}
