//! Whether resources can stand beside each other and beside Keyward: nothing that has a name has two owners.

use std::collections::HashMap;

use keyward_domain::values::scopes::{ADMIN, REVOCATIONS_READ};
use keyward_infra::mail::templates::Templates;
use keyward_web::List;

use super::error::ServiceError;
use crate::document::{docs, openapi};
use crate::extract::{SESSIONS, USERS};
use crate::resources::resource::Resource;
use crate::router;

/// The owner of what is no resource's.
const KEYWARD: &str = "Keyward";

/// What the file with one's own data holds of Keyward's own.
const MEMBERS: [&str; 6] =
    ["account", "second_factors", "api_keys", "applications", "sessions", "security_events"];

/// Refuses two resources of one name, and a scope, list, tag, letter, path or list of own data that has two owners.
///
/// # Errors
/// One sentence that names what is there twice.
pub(super) fn distinct(resources: &[Resource]) -> Result<(), ServiceError> {
    let mut owners = Owners::default();
    for scope in [ADMIN, REVOCATIONS_READ] {
        owners.add(KEYWARD, "scope", scope.to_owned())?;
    }
    for list in [SESSIONS, USERS] {
        owners.add(KEYWARD, "list", name(list))?;
    }
    for member in MEMBERS {
        owners.add(KEYWARD, "list of own data", member.to_owned())?;
    }
    for tag in openapi::own_tags() {
        owners.add(KEYWARD, "tag", tag.to_owned())?;
    }
    for letter in Templates::own() {
        owners.add(KEYWARD, "letter", letter.to_owned())?;
    }
    let pages = docs::pages().into_iter().chain([router::TOKEN.to_owned()]);
    for path in router::document(&[]).paths.paths.into_keys().chain(pages) {
        owners.add(KEYWARD, "path", shape(&path))?;
    }
    for (index, resource) in resources.iter().enumerate() {
        let (owner, set) = (resource.name, resource.migrations.name);
        if resources[..index].iter().any(|other| other.name == owner) {
            return Err(format!("two resources are named {owner}").into());
        }
        if owner != set {
            return Err(format!("the resource {owner} has migrations named {set}: both take one name").into());
        }
        for scope in &resource.scopes {
            owners.add(owner, "scope", scope.name.to_owned())?;
        }
        for list in resource.lists {
            owners.add(owner, "list", name(*list))?;
        }
        for (tag, _) in resource.tags {
            owners.add(owner, "tag", (*tag).to_owned())?;
        }
        for list in resource.own_data {
            owners.add(owner, "list of own data", list.name.to_owned())?;
        }
        for letter in resource.letters {
            owners.add(owner, "letter", letter.name.to_owned())?;
        }
        for path in resource.routes.documented().into_openapi().paths.paths.into_keys() {
            owners.add(owner, "path", shape(&path))?;
        }
    }
    Ok(())
}

fn name(List(byte): List) -> String {
    char::from(byte).to_string()
}

/// A path without the names of its parameters, and without a slash at its end: two paths that differ only by these make a
/// router panic.
fn shape(path: &str) -> String {
    let segments = path.trim_end_matches('/').split('/');
    segments
        .map(|segment| if segment.starts_with('{') { "{}" } else { segment })
        .collect::<Vec<_>>()
        .join("/")
}

/// What has a name, by its kind, with its owner.
#[derive(Default)]
struct Owners(HashMap<(&'static str, String), &'static str>);

impl Owners {
    fn add(&mut self, owner: &'static str, kind: &'static str, name: String) -> Result<(), ServiceError> {
        let Some(other) = self.0.insert((kind, name.clone()), owner) else { return Ok(()) };
        Err(if other == owner {
            format!("the resource {owner} has the {kind} {name} twice")
        } else {
            format!("the resource {owner} has the {kind} {name}, which belongs to {}", of(other))
        }
        .into())
    }
}

fn of(owner: &str) -> String {
    if owner == KEYWARD { KEYWARD.to_owned() } else { format!("the resource {owner}") }
}
