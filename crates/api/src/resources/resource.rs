//! A resource: what a crate of its own adds to the service, such as posts or a shop. A plain value built by a function.

use std::pin::Pin;
use std::sync::Arc;

use keyward_domain::identity::own_data::OwnList;
use keyward_domain::upkeep::cleaning::Cleaner;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::scopes::Role;
use keyward_guard::Scope;
use keyward_infra::database::db::Leaving;
use keyward_infra::mail::templates::Template;
use keyward_migration::MigrationSet;
use keyward_web::List;

use super::own_data::OwnData;
use super::routes::Routes;
use crate::foundation::{Core, Foundation};

/// What a crate of its own adds to the service.
#[derive(Clone)]
pub struct Resource {
    /// Its name, as in `KEYWARD_RESOURCES`: lower-case letters and `_`.
    pub name: &'static str,
    /// The tags of its operations in the document, each with a description.
    pub tags: &'static [(&'static str, &'static str)],
    /// The scopes of its locks, in the order in which *Authorize* offers them.
    pub scopes: Vec<ResourceScope>,
    /// Its lists: a cursor of one is refused by every other.
    pub lists: &'static [List],
    pub routes: Routes,
    pub migrations: MigrationSet,
    pub letters: &'static [Template],
    /// Example data for `keyward seed`.
    pub seed: Option<Seed>,
    /// Removes what has expired.
    pub cleaning: Option<Cleaning>,
    /// Runs in the transaction that deletes an account: what has to be true at once, in bounded work. Where the resource is
    /// not mounted, foreign keys have to suffice.
    pub leaving: Option<Leaving>,
    /// Runs before each batch of a deleted account's rows is removed, in its transaction: for what was added while the
    /// account was deleted. The rows themselves, of every table that refers to `users` by `ON DELETE CASCADE`, Keyward removes;
    /// lists must not show them meanwhile: see [`keyward_infra::identity::deleted`].
    pub removing: Option<Leaving>,
    /// What it holds about an account, for the file that its owner downloads; empty where that is nothing.
    pub own_data: &'static [OwnData],
}

/// A scope of a resource.
#[derive(Clone, Copy, Debug)]
pub struct ResourceScope {
    /// Its name (RFC 6749, section 3.3).
    pub name: &'static str,
    /// What it allows, in a few words.
    pub title: &'static str,
    /// Who may have it: every account with [`Role::User`], administrators alone with [`Role::Admin`].
    pub role: Role,
}

impl ResourceScope {
    /// The scope of a lock.
    pub const fn of<S: Scope>(role: Role) -> Self {
        Self { name: S::NAME, title: S::TITLE, role }
    }
}

/// Makes what removes expired data.
pub type Cleaning = fn(&Core) -> Arc<dyn Cleaner>;

/// Adds example data for the accounts that `keyward seed` has made.
pub type Seed = for<'a> fn(&'a Foundation, Seeded) -> Seeding<'a>;

/// A seed at work; its error is one sentence.
pub type Seeding<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// The accounts that `keyward seed` has made.
#[derive(Clone, Copy, Debug)]
pub struct Seeded {
    pub administrator: UserId,
    pub user: UserId,
}

/// The migrations of these resources.
pub fn migrations(resources: &[Resource]) -> Vec<MigrationSet> {
    resources.iter().map(|resource| resource.migrations).collect()
}

/// The letters of these resources.
pub fn letters(resources: &[Resource]) -> impl Iterator<Item = Template> {
    resources.iter().flat_map(|resource| resource.letters.iter().copied())
}

/// What these resources hold about accounts, in their order.
pub(crate) fn own_data(resources: &[Resource], core: &Core) -> Vec<OwnList> {
    let own = resources.iter().flat_map(|resource| resource.own_data);
    own.map(|list| OwnList { name: list.name, source: (list.source)(core) }).collect()
}
