//! The keys that sign ID tokens: rings of their own, so that RS256, which every OpenID Connect library knows, is there however access tokens
//! are signed. They are stored and rotated as the other keys are.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use keyward_auth::{Algorithm, IdTokenHint, Jwks, KeyRing, MasterSecret};
use time::Duration;

use super::signing_keys::{Keys, KeysError, Opened};
use crate::model::clients::Client;
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::values::scopes::OPENID;

/// The algorithms of ID tokens, the default first.
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];

/// For how long an ID token is still taken as a hint after its key was superseded.
const HINTS: Duration = Duration::days(90);

/// How often it is looked which algorithms clients are registered for.
const LOOK: Duration = Duration::seconds(30);
const NEVER: i64 = i64::MIN;

/// The keys that sign ID tokens: none until there is a client that gets such tokens. Cheap to clone.
#[derive(Clone)]
pub struct IdTokenKeys(Arc<Parts>);

struct Parts {
    keys: Keys,
    /// The same, with keys that were superseded long ago.
    with_old: Keys,
    ports: Ports,
    /// When it was last looked which algorithms clients are registered for, in Unix seconds.
    looked_at: AtomicI64,
    /// The rings that are in use, by [`ALGORITHMS`].
    rings: [RwLock<Option<Loaded>>; 3],
}

/// A ring as it was last read.
#[derive(Clone)]
struct Loaded {
    ring: Arc<KeyRing>,
    /// The ids of the keys that the master secret did not open.
    unopened: Vec<String>,
}

impl IdTokenKeys {
    /// Keys over these ports; `token_life` is the longest an ID token is good for, leeway included.
    pub fn new(ports: Ports, master: Arc<MasterSecret>, token_life: Duration) -> Self {
        let with_old = Keys::new(ports.clone(), Arc::clone(&master), HINTS);
        let keys = Keys::new(ports.clone(), master, token_life);
        let looked_at = AtomicI64::new(NEVER);
        Self(Arc::new(Parts { keys, with_old, ports, looked_at, rings: Default::default() }))
    }

    /// The ring of an algorithm. Makes its first key if it has no key yet.
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
    /// The store's, where it was never looked which keys there are.
    pub async fn published(&self) -> Result<Jwks, KeysError> {
        if self.0.looked_at.load(Ordering::Relaxed) == NEVER {
            match self.reload().await {
                // A key that does not open is left out; the job that keeps the keys logs it.
                Ok(()) | Err(KeysError::Sealed(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let rings = ALGORITHMS.into_iter().filter_map(|algorithm| self.known(algorithm));
        Ok(Jwks { keys: rings.flat_map(|ring| ring.jwks().keys).collect() })
    }

    /// Looks again which keys there are, and makes the first one of an algorithm that a client is registered for: long before the
    /// first ID token is signed, so that everybody has fetched it by then.
    ///
    /// # Errors
    /// As [`ring`](Self::ring): of the first algorithm that has one. The others are loaded all the same.
    pub async fn reload(&self) -> Result<(), KeysError> {
        let now = self.0.ports.clock.now().unix_timestamp();
        let mut wanted = BTreeSet::new();
        if self.0.looked_at.load(Ordering::Relaxed) <= now - LOOK.whole_seconds() {
            wanted = self.wanted().await?;
            self.0.looked_at.store(now, Ordering::Relaxed);
        }
        let mut outcome = Ok(());
        for algorithm in ALGORITHMS {
            if wanted.contains(algorithm.as_str()) || self.known(algorithm).is_some() {
                outcome = outcome.and(self.load(algorithm).await.map(drop));
            }
        }
        outcome
    }

    /// The ids of the keys that were left out of the rings in use when they were last read, for the master secret does not open them.
    pub fn unopened(&self) -> Vec<String> {
        let loaded = ALGORITHMS.into_iter().filter_map(|algorithm| self.loaded(algorithm));
        loaded.flat_map(|loaded| loaded.unopened).collect()
    }

    /// Publishes a new key of each algorithm that a client is registered for if the newest is `age` old, to sign after `delay`; not
    /// of `except`. Returns their ids.
    ///
    /// # Errors
    /// Those of [`Keys::rotate_if_older`].
    pub async fn rotate_if_older(
        &self,
        age: Duration,
        delay: Duration,
        except: Option<Algorithm>,
    ) -> Result<Vec<String>, KeysError> {
        let wanted = self.wanted().await?;
        let mut kids = Vec::new();
        for algorithm in ALGORITHMS {
            if wanted.contains(algorithm.as_str()) && Some(algorithm) != except {
                // The first key of all replaces none.
                self.ring(algorithm).await?;
                kids.extend(self.0.keys.rotate_if_older(algorithm, age, delay).await?);
            }
        }
        Ok(kids)
    }

    /// Makes the first key for the ID tokens of a client, where it gets any.
    ///
    /// # Errors
    /// As [`ring`](Self::ring).
    pub async fn make_for(&self, client: &Client) -> Result<(), KeysError> {
        if gets_id_tokens(client) {
            self.ring(client.settings.id_token_alg).await?;
        }
        Ok(())
    }

    /// The algorithms that clients are registered for, by name.
    async fn wanted(&self) -> Result<BTreeSet<&'static str>, StoreError> {
        let clients = self.0.ports.store.autocommit().clients().list().await?;
        let clients = clients.iter().filter(|client| gets_id_tokens(client));
        Ok(clients.map(|client| client.settings.id_token_alg.as_str()).collect())
    }

    /// Reads an ID token of ours that came back, however old; `None` for anything else.
    ///
    /// # Errors
    /// The store's, and [`StoreError::Internal`] where no key can be opened.
    pub async fn hint(&self, token: &str, issuer: &str) -> Result<Option<IdTokenHint>, StoreError> {
        let Some(kid) = IdTokenHint::kid(token) else { return Ok(None) };
        for ring in ALGORITHMS.into_iter().filter_map(|algorithm| self.known(algorithm)) {
            if ring.find(Some(&kid)).is_some() {
                return Ok(IdTokenHint::read(token, issuer, &ring));
            }
        }
        // Opening old keys is dear: it is done for one that there is.
        let stored = self.0.ports.store.autocommit().keys().all().await?;
        let Some(key) = stored.iter().find(|key| key.kid == kid && key.retired_at.is_none()) else {
            return Ok(None);
        };
        match self.0.with_old.ring(key.algorithm).await {
            Ok(old) => Ok(IdTokenHint::read(token, issuer, &old)),
            Err(KeysError::Sealed(_)) => Ok(None),
            Err(KeysError::Store(error)) => Err(error),
            Err(other) => Err(StoreError::Internal(Box::new(other))),
        }
    }

    fn place(&self, algorithm: Algorithm) -> Option<&RwLock<Option<Loaded>>> {
        let index = ALGORITHMS.iter().position(|known| *known == algorithm)?;
        self.0.rings.get(index)
    }

    fn known(&self, algorithm: Algorithm) -> Option<Arc<KeyRing>> {
        self.loaded(algorithm).map(|loaded| loaded.ring)
    }

    fn loaded(&self, algorithm: Algorithm) -> Option<Loaded> {
        self.place(algorithm)?.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn load(&self, algorithm: Algorithm) -> Result<Arc<KeyRing>, KeysError> {
        let Opened { ring, unopened } = self.0.keys.open(algorithm).await?;
        let ring = Arc::new(ring);
        if let Some(place) = self.place(algorithm) {
            let loaded = Loaded { ring: Arc::clone(&ring), unopened };
            *place.write().unwrap_or_else(PoisonError::into_inner) = Some(loaded);
        }
        Ok(ring)
    }
}

/// Whether a client gets ID tokens, which are signed by the algorithm that it is registered for.
pub fn gets_id_tokens(client: &Client) -> bool {
    client.logs_people_in() && client.settings.scope.contains(OPENID)
}
