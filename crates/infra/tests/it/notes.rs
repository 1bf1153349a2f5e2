//! A made-up resource's set of migrations, of today and of a later version, written as a resource's own crate
//! writes it.

use keyward_migration::MigrationSet;
use keyward_migration::prelude::MigrationTrait;

mod m20270101_000001_notes;
mod m20270201_000002_title;

/// The set on its first day.
pub(crate) const NOTES: MigrationSet = MigrationSet { name: "notes", files: first };

/// The same set in a later version, with one file more.
pub(crate) const LATER: MigrationSet = MigrationSet { name: "notes", files: both };

fn first() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(m20270101_000001_notes::Migration)]
}

fn both() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(m20270101_000001_notes::Migration), Box::new(m20270201_000002_title::Migration)]
}
