//! Whether settings fit together, before anything is touched.

use keyward_infra::database::connect::ConnectError;

use super::error::ServiceError;
use super::grants::grants;
use super::key_ring::shared_secret;
use super::ports::hasher;
use super::{mail, master_secret};
use crate::extract::USERS;
use crate::resources::resource::Resource;
use crate::settings::Settings;

/// Checks all that can be checked without a database.
///
/// # Errors
/// The first setting that cannot be used.
pub fn check(settings: &Settings, resources: &[Resource]) -> Result<(), ServiceError> {
    distinct(resources)?;
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

/// Two resources must not share a name, a scope or a list.
fn distinct(resources: &[Resource]) -> Result<(), ServiceError> {
    let mut names: Vec<String> = vec!["admin".into(), "revocations:read".into(), USERS.0.to_string()];
    for resource in resources {
        let scopes = resource.scopes.iter().map(|scope| scope.name.to_owned());
        let lists = resource.lists.iter().map(|list| list.0.to_string());
        for name in scopes.chain(lists).chain([format!("resource {}", resource.name)]) {
            if names.contains(&name) {
                return Err(format!("the resource {} repeats {name} of another one", resource.name).into());
            }
            names.push(name);
        }
    }
    Ok(())
}
