//! Whether settings fit together, before anything is touched.

use std::collections::HashSet;

use keyward_infra::database::connect::ConnectError;
use keyward_infra::mail::templates::Templates;

use super::error::ServiceError;
use super::grants::grants;
use super::key_ring::shared_secret;
use super::ports::hasher;
use super::{mail, master_secret};
use crate::document::docs;
use crate::extract::List;
use crate::resources::resource::Resource;
use crate::router;
use crate::settings::Settings;

/// Checks all that can be checked without a database.
///
/// # Errors
/// The first setting that cannot be used.
pub fn check(settings: &Settings, resources: &[Resource]) -> Result<(), ServiceError> {
    distinct(resources)?;
    paths_apart(resources)?;
    // The clock of the jobs; the command line takes none either.
    if settings.tokens.revocation_bound.is_zero() {
        return Err("KEYWARD_REVOCATION_BOUND must be longer than nothing".to_owned().into());
    }
    grants(&settings.scopes, resources)?;
    hasher(&settings.passwords)?;
    shared_secret(&settings.tokens)?;
    master_secret::given(&settings.tokens)?;
    mail::mailer(settings)?;
    if settings.replica.database_read_url.is_some() && settings.storage.database_url().starts_with("sqlite:")
    {
        return Err(format!("KEYWARD_DATABASE_READ_URL: {}", ConnectError::NoReplica).into());
    }
    mail::templates(&settings.mail, resources).map(drop)
}

/// Two resources must not share a name, a scope, a list or a letter; nor may one take Keyward's own.
fn distinct(resources: &[Resource]) -> Result<(), ServiceError> {
    let mut names: Vec<String> = vec!["the scope admin".into(), "the scope revocations:read".into()];
    names.push(format!("the list {}", List::USERS.0));
    names.extend(Templates::own_names().map(|name| format!("the letter {name}")));
    for resource in resources {
        let name = resource.name;
        if resource.migrations.name != name {
            let other = resource.migrations.name;
            return Err(format!("the migrations of the resource {name} are named {other}, not {name}").into());
        }
        let scopes = resource.scopes.iter().map(|scope| format!("the scope {}", scope.name));
        let lists = resource.lists.iter().map(|list| format!("the list {}", list.0));
        let letters = resource.letters.iter().map(|letter| format!("the letter {}", letter.name));
        for taken in scopes.chain(lists).chain(letters).chain([format!("the name {name}")]) {
            if names.contains(&taken) {
                return Err(format!("the resource {name} has {taken}, which is taken").into());
            }
            names.push(taken);
        }
    }
    Ok(())
}

/// A path belongs to one resource or to Keyward, whatever its parameters are called: a router panics otherwise.
fn paths_apart(resources: &[Resource]) -> Result<(), ServiceError> {
    let mut taken: HashSet<String> =
        router::document(&[]).paths.paths.keys().map(|path| shape(path)).collect();
    taken.extend(docs::pages().iter().map(|path| shape(path)));
    for resource in resources {
        for path in resource.routes.documented().into_openapi().paths.paths.into_keys() {
            if !taken.insert(shape(&path)) {
                return Err(
                    format!("the resource {} has the path {path}, which is taken", resource.name).into()
                );
            }
        }
    }
    Ok(())
}

/// A path without the names of its parameters, and without a slash at its end.
fn shape(path: &str) -> String {
    let segments = path.trim_end_matches('/').split('/');
    let plain: Vec<_> =
        segments.map(|segment| if segment.starts_with('{') { "{}" } else { segment }).collect();
    plain.join("/")
}
