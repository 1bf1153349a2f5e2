//! The keys that sign ID tokens: rings of their own, so that RS256, which every OpenID Connect library knows, is there whatever signs
//! access tokens. They are stored and rotated as the other keys are.

use std::sync::{Arc, PoisonError, RwLock};

use keyward_auth::{Algorithm, IdTokenHint, Jwks, KeyRing, MasterSecret};
use time::Duration;

use super::signing_keys::{Keys, KeysError};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;

/// The algorithms of ID tokens, the default first.
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];

/// For how long an ID token is still taken as a hint after its key was superseded.
const HINTS: Duration = Duration::days(90);

/// The keys that sign ID tokens. Cheap to clone.
#[derive(Clone)]
pub struct IdTokenKeys(Arc<Parts>);

struct Parts {
    keys: Keys,
    /// The same, with keys that were superseded long ago.
    with_old: Keys,
    /// The rings that are in use, by [`ALGORITHMS`].
    rings: [RwLock<Option<Arc<KeyRing>>>; 3],
}

impl IdTokenKeys {
    /// Keys over these ports; `token_life` is the longest an ID token is good for, leeway included.
    pub fn new(ports: Ports, master: Arc<MasterSecret>, token_life: Duration) -> Self {
        let with_old = Keys::new(ports.clone(), Arc::clone(&master), HINTS);
        let keys = Keys::new(ports, master, token_life);
        Self(Arc::new(Parts { keys, with_old, rings: Default::default() }))
    }

    /// The ring of an algorithm. Makes the first key where there is none.
    ///
    /// # Errors
    /// Those of [`Keys::open`].
    pub async fn ring(&self, algorithm: Algorithm) -> Result<Arc<KeyRing>, KeysError> {
        match self.known(algorithm) {
            Some(ring) => Ok(ring),
            None => self.load(algorithm).await,
        }
    }

    /// The keys to publish, those of RS256 first.
    ///
    /// # Errors
    /// As [`ring`](Self::ring).
    pub async fn published(&self) -> Result<Jwks, KeysError> {
        self.ring(Algorithm::Rs256).await?;
        let rings = ALGORITHMS.into_iter().filter_map(|algorithm| self.known(algorithm));
        Ok(Jwks { keys: rings.flat_map(|ring| ring.jwks().keys).collect() })
    }

    /// Looks again which keys there are: those of RS256, of what this process has signed with, and of what others have.
    ///
    /// # Errors
    /// As [`ring`](Self::ring).
    pub async fn reload(&self) -> Result<(), KeysError> {
        let stored = self.0.keys.list().await?;
        for algorithm in ALGORITHMS {
            let is_stored = stored.iter().any(|key| key.algorithm == algorithm && key.retired_at.is_none());
            if is_stored || algorithm == Algorithm::Rs256 || self.known(algorithm).is_some() {
                self.load(algorithm).await?;
            }
        }
        Ok(())
    }

    /// Publishes a new key of RS256 if the newest is `age` old, to sign after `delay`. Returns its id.
    ///
    /// # Errors
    /// Those of [`Keys::rotate_if_older`].
    pub async fn rotate_if_older(&self, age: Duration, delay: Duration) -> Result<Option<String>, KeysError> {
        // The first key of all replaces none.
        self.ring(Algorithm::Rs256).await?;
        self.0.keys.rotate_if_older(Algorithm::Rs256, age, delay).await
    }

    /// Reads an ID token of ours that came back, however old; `None` for anything else.
    ///
    /// # Errors
    /// The store's, and [`StoreError::Internal`] where no key can be opened.
    pub async fn hint(&self, token: &str, issuer: &str) -> Result<Option<IdTokenHint>, StoreError> {
        for algorithm in ALGORITHMS {
            let Some(ring) = self.known(algorithm) else { continue };
            if let Some(hint) = IdTokenHint::read(token, issuer, &ring) {
                return Ok(Some(hint));
            }
        }
        let old = self.0.with_old.ring(Algorithm::Rs256).await.map_err(|error| match error {
            KeysError::Store(error) => error,
            other => StoreError::Internal(Box::new(other)),
        })?;
        Ok(IdTokenHint::read(token, issuer, &old))
    }

    fn place(&self, algorithm: Algorithm) -> Option<&RwLock<Option<Arc<KeyRing>>>> {
        let index = ALGORITHMS.iter().position(|known| *known == algorithm)?;
        self.0.rings.get(index)
    }

    fn known(&self, algorithm: Algorithm) -> Option<Arc<KeyRing>> {
        self.place(algorithm)?.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn load(&self, algorithm: Algorithm) -> Result<Arc<KeyRing>, KeysError> {
        let ring = Arc::new(self.0.keys.ring(algorithm).await?);
        if let Some(place) = self.place(algorithm) {
            *place.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&ring));
        }
        Ok(ring)
    }
}
