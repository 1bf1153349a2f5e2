//! What resources hold about an account, for the file that its owner downloads.

use std::sync::Arc;

use keyward_domain::identity::own_data::OwnDataSource;
use keyward_domain::model::store_error::StoreError;
use serde::Serialize;

use crate::foundation::Core;

/// A list of what a resource holds about an account.
#[derive(Clone, Copy)]
pub struct OwnData {
    /// Its name in the file, as in `posts`: lower-case letters and `_`. Each list of a server has its own.
    pub name: &'static str,
    /// Makes what reads the list.
    pub source: fn(&Core) -> Arc<dyn OwnDataSource>,
}

/// An item of a list, as JSON.
///
/// # Errors
/// [`StoreError::Internal`] for what cannot be JSON, as a map with keys that are no strings.
pub fn item(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Internal(Box::new(error)))
}
