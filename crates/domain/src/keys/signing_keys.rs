//! Signing keys: made at the first start, stored sealed, shared by every replica.
//!
//! A key is published when it is made, signs from `signs_from` on, and verifies until the last token it signed has
//! expired. So which key does what follows from the rows and the time alone, and replicas need not agree on anything
//! else.

use std::sync::Arc;

use keyward_auth::{Algorithm, ErrorCode, KeyError, KeyRing, MasterSecret, SigningKey};
use time::Duration;

use super::division::{Parts, divide};
use crate::model::events::{Event, EventKind};
use crate::model::jobs::Job;
use crate::model::keys::StoredKey;
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::ports::store::Transaction;
use crate::values::by::By;
use crate::values::codes;
use crate::values::failure::{Failure, Kind};
use crate::values::origin::Origin;

/// Why there is no key ring.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A key was sealed with another master secret, or damaged.
    #[error("the signing key {0} cannot be opened: it was sealed with another master secret")]
    Sealed(String),
    /// There is no such key in use.
    #[error("there is no key {0} in use")]
    Unknown(String),
    /// A key is not what it should be.
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for KeysError {
    fn kind(&self) -> Kind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Unknown(_) => Kind::NotFound,
            Self::Sealed(_) | Self::Key(_) => Kind::Internal,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Store(error) => error.code(),
            Self::Unknown(_) => codes::NOT_FOUND,
            Self::Sealed(_) | Self::Key(_) => codes::INTERNAL,
        }
    }
}

/// Which keys in use a master secret opens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seals {
    /// The number of keys that it opens.
    pub opened: usize,
    /// The ids of those that were sealed with another one, or damaged.
    pub elsewhere: Vec<String>,
}

/// The use cases of signing keys.
#[derive(Clone)]
pub struct Keys {
    ports: Ports,
    master: Arc<MasterSecret>,
    /// How long after its last signature a key must still verify.
    token_life: Duration,
}

/// What a sealed signing key is bound to, so that nothing else sealed can stand in for one.
const LABEL: &str = "keyward signing key";

impl Keys {
    /// Use cases over these ports; `token_life` is the longest an access token is good for, leeway included.
    pub fn new(ports: Ports, master: Arc<MasterSecret>, token_life: Duration) -> Self {
        Self { ports, master, token_life }
    }

    /// The ring of `algorithm` as of now. Makes the first key if the ring is empty.
    pub async fn ring(&self, algorithm: Algorithm) -> Result<KeyRing, KeysError> {
        let mut stored = self.load(algorithm).await?;
        if self.divide(&stored).current.is_none() {
            self.add_first(algorithm).await?;
            stored = self.load(algorithm).await?;
        }
        self.assemble(algorithm, &stored)
    }

    /// Makes a key where none signs, unless another replica has made one by then. Replicas that start together wait at a row of
    /// `jobs`: with two keys, each would sign with its own until its next look.
    async fn add_first(&self, algorithm: Algorithm) -> Result<(), KeysError> {
        let key = self.make(algorithm, Duration::ZERO)?;
        let adding = || async {
            let mut tx = self.begin(&key).await?;
            if self.divide(&of(algorithm, tx.keys().all().await?)).current.is_none() {
                tx.keys().insert(&key).await?;
            }
            Ok(tx.commit().await?)
        };
        self.ports.retrying(adding).await
    }

    /// Begins a transaction that may add `key`. Others that may add one wait until it ends.
    async fn begin(&self, key: &StoredKey) -> Result<Box<dyn Transaction>, StoreError> {
        let mut tx = self.ports.store.begin().await?;
        // Whether it is due does not matter: the row is what others wait at.
        tx.jobs().claim(Job::MakeFirstKey, key.created_at, key.created_at).await?;
        Ok(tx)
    }

    /// Every key there ever was.
    pub async fn list(&self) -> Result<Vec<StoredKey>, KeysError> {
        Ok(self.ports.store.autocommit().keys().all().await?)
    }

    /// Tries the master secret on every key that was not retired.
    pub async fn seals(&self) -> Result<Seals, KeysError> {
        let mut seals = Seals::default();
        for key in self.list().await?.into_iter().filter(|key| key.retired_at.is_none()) {
            match self.master.open(LABEL, key.kid.as_bytes(), &key.sealed) {
                Some(_) => seals.opened += 1,
                None => seals.elsewhere.push(key.kid),
            }
        }
        Ok(seals)
    }

    /// Publishes a new key that signs after `delay`: long enough for every verifier to have fetched it. Returns its
    /// id.
    pub async fn rotate(&self, algorithm: Algorithm, delay: Duration, by: By) -> Result<String, KeysError> {
        let kid = self.add(algorithm, delay).await?;
        self.record(EventKind::KeyRotated, &kid, by).await?;
        Ok(kid)
    }

    /// Publishes a new key if the newest is `age` old; says its id.
    pub async fn rotate_if_older(
        &self,
        algorithm: Algorithm,
        age: Duration,
        delay: Duration,
    ) -> Result<Option<String>, KeysError> {
        let stored = self.load(algorithm).await?;
        let newest = stored.iter().rev().find(|key| key.retired_at.is_none()).map(|key| key.signs_from);
        if newest.is_some_and(|newest| newest + age > self.ports.clock.now()) {
            return Ok(None);
        }
        self.rotate(algorithm, delay, By::SYSTEM).await.map(Some)
    }

    /// Withdraws a key at once: nothing it signed is believed any more. Where it signs now, a new one takes over in the same
    /// transaction; one that was superseded before never does.
    pub async fn retire(&self, kid: &str, by: By) -> Result<(), KeysError> {
        let unknown = || KeysError::Unknown(kid.to_owned());
        let in_use = |key: &&StoredKey| key.kid == kid && key.retired_at.is_none();
        let all = self.list().await?;
        let algorithm = all.iter().find(in_use).ok_or_else(unknown)?.algorithm;
        let new = self.make(algorithm, Duration::ZERO)?;
        let retiring = || async {
            let mut tx = self.begin(&new).await?;
            let stored = of(algorithm, tx.keys().all().await?);
            let signs = self.divide(&stored).current.is_none_or(|key| key.kid == kid);
            if !tx.keys().retire(kid, new.created_at).await? {
                return Err(unknown());
            }
            if signs {
                tx.keys().insert(&new).await?;
            }
            Ok(tx.commit().await?)
        };
        self.ports.retrying(retiring).await?;
        self.record(EventKind::KeyRetired, kid, by).await
    }

    async fn record(&self, kind: EventKind, kid: &str, by: By) -> Result<(), KeysError> {
        let event = Event::new(self.ports.clock.now(), kind, by, &Origin::default()).saying(kid);
        Ok(self.ports.store.autocommit().events().append(&event).await?)
    }

    async fn load(&self, algorithm: Algorithm) -> Result<Vec<StoredKey>, StoreError> {
        Ok(of(algorithm, self.ports.store.autocommit().keys().all().await?))
    }

    fn divide<'a>(&self, stored: &'a [StoredKey]) -> Parts<'a> {
        divide(stored, self.ports.clock.now(), self.token_life)
    }

    /// Adds a key that signs after `delay`.
    async fn add(&self, algorithm: Algorithm, delay: Duration) -> Result<String, KeysError> {
        let key = self.make(algorithm, delay)?;
        self.ports.store.autocommit().keys().insert(&key).await?;
        Ok(key.kid)
    }

    fn make(&self, algorithm: Algorithm, delay: Duration) -> Result<StoredKey, KeysError> {
        let key = SigningKey::generate(algorithm)?;
        let (Some(kid), Some(private)) = (key.kid(), key.to_pkcs8_der()) else {
            return Err(KeyError::Unsupported(algorithm, "it has no key pair").into());
        };
        let now = self.ports.clock.now();
        Ok(StoredKey {
            kid: kid.to_owned(),
            algorithm,
            sealed: self.master.seal(LABEL, kid.as_bytes(), &private, &*self.ports.random),
            created_at: now,
            signs_from: now + delay,
            retired_at: None,
        })
    }

    fn assemble(&self, algorithm: Algorithm, stored: &[StoredKey]) -> Result<KeyRing, KeysError> {
        let parts = self.divide(stored);
        let current = parts.current.ok_or(KeyError::NoUsableKey)?;
        let mut ring = KeyRing::new(self.open(algorithm, current)?);
        if let Some(next) = parts.next {
            ring = ring.with_next(self.open(algorithm, next)?);
        }
        // A ring has one next key. Those after it are published as keys that verify, which is all they do for now.
        let others = parts.previous.into_iter().chain(parts.later);
        let others: Result<Vec<_>, KeysError> =
            others.map(|key| Ok(self.open(algorithm, key)?.verifying_key())).collect();
        Ok(ring.with_previous(others?))
    }

    fn open(&self, algorithm: Algorithm, key: &StoredKey) -> Result<SigningKey, KeysError> {
        let private = self.master.open(LABEL, key.kid.as_bytes(), &key.sealed);
        let private = private.ok_or_else(|| KeysError::Sealed(key.kid.clone()))?;
        Ok(SigningKey::from_pkcs8_der(algorithm, &private)?)
    }
}

/// The keys of an algorithm, retired ones included.
fn of(algorithm: Algorithm, mut keys: Vec<StoredKey>) -> Vec<StoredKey> {
    keys.retain(|key| key.algorithm == algorithm);
    keys
}
