//! Signing keys: made at the first start, stored sealed, shared by every replica.
//!
//! A key is published when it is made, signs from `signs_from` on, and verifies until the last token it signed has
//! expired. So which key does what follows from the rows and the time alone, and replicas need not agree on anything
//! else.

use std::sync::Arc;

use keyward_auth::{Algorithm, ErrorCode, KeyError, KeyRing, MasterSecret, SigningKey};
use time::Duration;

use super::division::{Part, Parts, divide, parts};
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
    /// No key was sealed with this master secret. Names one of them.
    #[error(
        "the signing key {0} cannot be opened: it was sealed with another master secret, or damaged. \
         Restore that secret; if it is lost, `keyward keys retire {0} --secret-lost` withdraws the key"
    )]
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

/// The keys in use, as far as the master secret opens them.
pub struct Opened {
    /// Those that it opens.
    pub ring: KeyRing,
    /// The ids of those that it does not open. They neither sign nor verify, and change nothing for the others.
    pub unopened: Vec<String>,
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
        Ok(self.open(algorithm).await?.ring)
    }

    /// The ring of `algorithm` as of now, and what was left out of it. Makes a key where none signs, but not under a
    /// master secret that opens none of the keys in use: that one may be a mistake.
    ///
    /// # Errors
    /// [`KeysError::Sealed`] if there are keys in use and the master secret opens none.
    pub async fn open(&self, algorithm: Algorithm) -> Result<Opened, KeysError> {
        let (mut own, mut unopened) = self.load(algorithm).await?;
        if self.divide(&own).current.is_none() {
            let none_in_use = own.iter().all(|key| key.retired_at.is_some());
            if let Some(kid) = unopened.first().filter(|_| none_in_use) {
                return Err(KeysError::Sealed(kid.clone()));
            }
            self.add_first(algorithm).await?;
            (own, unopened) = self.load(algorithm).await?;
        }
        Ok(Opened { ring: self.assemble(algorithm, &own)?, unopened })
    }

    /// Makes a key where none signs, unless another replica has made one by then. Replicas that start together wait at a row of
    /// `jobs`: with two keys, each would sign with its own until its next look.
    async fn add_first(&self, algorithm: Algorithm) -> Result<(), KeysError> {
        let key = self.make(algorithm, Duration::ZERO)?;
        let adding = || async {
            let mut tx = self.begin(&key).await?;
            let (own, _) = self.sift(algorithm, tx.keys().all().await?);
            if self.divide(&own).current.is_none() {
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

    /// Every key there ever was, with what it does now.
    pub async fn parts(&self) -> Result<Vec<(StoredKey, Part)>, KeysError> {
        let keys = self.list().await?;
        let parts = parts(&keys, |key| self.opens(key), self.ports.clock.now(), self.token_life);
        Ok(keys.into_iter().zip(parts).collect())
    }

    /// Tries the master secret on every key that was not retired.
    pub async fn seals(&self) -> Result<Seals, KeysError> {
        let mut seals = Seals::default();
        for key in self.list().await?.into_iter().filter(|key| key.retired_at.is_none()) {
            if self.opens(&key) {
                seals.opened += 1;
            } else {
                seals.elsewhere.push(key.kid);
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
        let (own, _) = self.load(algorithm).await?;
        let newest = own.iter().rev().find(|key| key.retired_at.is_none()).map(|key| key.signs_from);
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
            let (own, _) = self.sift(algorithm, tx.keys().all().await?);
            let signs = self.divide(&own).current.is_none_or(|key| key.kid == kid);
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

    async fn load(&self, algorithm: Algorithm) -> Result<(Vec<StoredKey>, Vec<String>), StoreError> {
        Ok(self.sift(algorithm, self.ports.store.autocommit().keys().all().await?))
    }

    /// The keys of an algorithm that the master secret opens, retired ones included, and the ids of the others in use. A key
    /// that it does not open has superseded no other: it was not made with our secret.
    fn sift(&self, algorithm: Algorithm, keys: Vec<StoredKey>) -> (Vec<StoredKey>, Vec<String>) {
        let of_algorithm = keys.into_iter().filter(|key| key.algorithm == algorithm);
        let (own, others): (Vec<_>, Vec<_>) = of_algorithm.partition(|key| self.opens(key));
        let in_use = others.into_iter().filter(|key| key.retired_at.is_none());
        (own, in_use.map(|key| key.kid).collect())
    }

    fn opens(&self, key: &StoredKey) -> bool {
        self.master.open(LABEL, key.kid.as_bytes(), &key.sealed).is_some()
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
        let mut ring = KeyRing::new(self.unseal(algorithm, current)?);
        if let Some(next) = parts.next {
            ring = ring.with_next(self.unseal(algorithm, next)?);
        }
        // A ring has one next key. Those after it are published as keys that verify, which is all they do for now.
        let others = parts.previous.into_iter().chain(parts.later);
        let others: Result<Vec<_>, KeysError> =
            others.map(|key| Ok(self.unseal(algorithm, key)?.verifying_key())).collect();
        Ok(ring.with_previous(others?))
    }

    fn unseal(&self, algorithm: Algorithm, key: &StoredKey) -> Result<SigningKey, KeysError> {
        let private = self.master.open(LABEL, key.kid.as_bytes(), &key.sealed);
        let private = private.ok_or_else(|| KeysError::Sealed(key.kid.clone()))?;
        Ok(SigningKey::from_pkcs8_der(algorithm, &private)?)
    }
}
