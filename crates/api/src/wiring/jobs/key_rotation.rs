//! The signing keys: rotating them in time, and what is logged about them.

use keyward_auth::{Algorithm, SharedKeyRing};
use keyward_domain::keys::id_token_keys::IdTokenKeys;
use keyward_domain::keys::signing_keys::{Keys, KeysError};
use keyward_domain::model::jobs::Job;
use keyward_domain::upkeep::cleaning::Housekeeping;

use crate::metrics::background::Background;

/// How often it is asked whether a key is old enough to be replaced.
const ROTATION_CHECK: time::Duration = time::Duration::minutes(1);

/// Keeps the rings in memory in step with the keys in the store.
pub(crate) struct KeyRotation {
    /// The keys of access tokens, unless they are a shared secret, which never changes.
    pub(crate) access: Option<AccessKeys>,
    /// The keys of ID tokens.
    pub(crate) id_tokens: IdTokenKeys,
    /// After how long a key is replaced; `None` for never by itself.
    pub(crate) rotation: Option<time::Duration>,
    /// How long a new key is published before it signs.
    pub(crate) delay: time::Duration,
}

/// The keys of access tokens.
pub(crate) struct AccessKeys {
    /// The keys in the store.
    pub(crate) keys: Keys,
    /// Which of them.
    pub(crate) algorithm: Algorithm,
    /// The ring in memory.
    pub(crate) ring: SharedKeyRing,
}

/// Notes the keys that were left out, and logs them when they are others than before.
pub(crate) fn note_unopened(background: &Background, kids: Vec<String>) {
    let list = kids.join(" ");
    if !background.note_unopened(kids) {
        return;
    }
    if list.is_empty() {
        tracing::info!("every signing key opens again");
    } else {
        tracing::error!(
            kids = list,
            "signing keys that another master secret sealed are left out; `keyward keys retire KID` withdraws one"
        );
    }
}

impl KeyRotation {
    pub(super) async fn rotate(&self, housekeeping: &Housekeeping) -> Result<(), KeysError> {
        let Some(age) = self.rotation else { return Ok(()) };
        if !housekeeping.claim(Job::RotateKeys, ROTATION_CHECK).await? {
            return Ok(());
        }
        let mut kids = Vec::new();
        if let Some(access) = &self.access {
            kids.extend(access.keys.rotate_if_older(access.algorithm, age, self.delay).await?);
        }
        // Where ID tokens are signed by the same algorithm, the two share their keys.
        let shared = self.access.as_ref().map(|access| access.algorithm);
        kids.extend(self.id_tokens.rotate_if_older(age, self.delay, shared).await?);
        for kid in kids {
            tracing::info!(kid, "published a new signing key");
        }
        Ok(())
    }
}
