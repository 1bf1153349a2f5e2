//! Whether settings fit together, before anything is touched.

use keyward_infra::database::connect::ConnectError;

use super::distinct::distinct;
use super::error::ServiceError;
use super::grants::grants;
use super::key_ring::shared_secret;
use super::ports::hasher;
use super::{mail, master_secret};
use crate::resources::resource::Resource;
use crate::settings::Settings;

/// Checks all that can be checked without a database.
///
/// # Errors
/// The first setting that cannot be used.
pub fn check(settings: &Settings, resources: &[Resource]) -> Result<(), ServiceError> {
    distinct(resources)?;
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
    mail::templates(settings, resources).map(drop)
}
