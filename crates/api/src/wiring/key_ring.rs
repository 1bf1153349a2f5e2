//! The keys that sign and check access tokens.

use std::path::PathBuf;
use std::sync::Arc;

use keyward_auth::{Algorithm, KeyRing, MasterSecret, SigningKey};
use keyward_domain::keys::signing_keys::{Keys, KeysError};
use keyward_domain::ports::bundle::Ports;

use super::error::ServiceError;
use crate::settings::tokens::TokenSettings;

/// The key of HS256, if that is the algorithm.
pub(super) fn shared_secret(tokens: &TokenSettings) -> Result<Option<SigningKey>, ServiceError> {
    if tokens.algorithm != Algorithm::Hs256 {
        return Ok(None);
    }
    let secret = tokens.secret.as_ref().ok_or("KEYWARD_ALGORITHM is HS256, which needs KEYWARD_SECRET")?;
    SigningKey::hs256(secret.expose()).map(Some).map_err(|error| format!("KEYWARD_SECRET: {error}").into())
}

/// Returns whether the database has keys that were not retired.
pub(crate) async fn exist(ports: &Ports) -> Result<bool, ServiceError> {
    let keys = ports.store.autocommit().keys().all().await;
    let keys = keys.map_err(|error| format!("the signing keys cannot be read: {error}"))?;
    Ok(keys.iter().any(|key| key.retired_at.is_none()))
}

/// The key ring to start with, the keys in the store unless it is a shared secret, and the ids of those that were left
/// out because another master secret sealed them.
pub(crate) async fn open(
    tokens: &TokenSettings,
    ports: &Ports,
    master: &Arc<MasterSecret>,
    made: Option<PathBuf>,
) -> Result<(KeyRing, Option<Keys>, Vec<String>), ServiceError> {
    if let Some(key) = shared_secret(tokens)? {
        return Ok((KeyRing::new(key), None, Vec::new()));
    }
    let keys = Keys::new(ports.clone(), Arc::clone(master), tokens.access_token_life());
    let opened = keys.open(tokens.algorithm).await.map_err(|error| {
        if let (KeysError::Sealed(_), Some(path)) = (&error, made) {
            // Another server made the first key meanwhile, with a secret of its own: nothing was sealed with
            // ours.
            drop(std::fs::remove_file(path));
        }
        format!("no signing key: {error}")
    })?;
    Ok((opened.ring, Some(keys), opened.unopened))
}
