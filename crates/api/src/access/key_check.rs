//! Whether an API key is good: asked where a token is one, answered from memory when that is safe.
//!
//! As with sessions, an answer is remembered for at most the revocation bound, and forgotten at once when this process changes
//! anything about the key's owner, or is notified that another one did. A key with a wrong checksum costs no statement.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use keyward_auth::{ApiKey, SecretHash};
use keyward_domain::identity::standing_keys::{StandingKey, StandingKeys};
use keyward_domain::limits::waits::Throttled;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::actor::{Actor, Via};
use keyward_domain::values::clock::Clock;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::proof::{Methods, Proof};
use keyward_guard::Refusal;
use quick_cache::sync::Cache;
use time::OffsetDateTime;

use super::cache_use::CacheUse;
use super::epochs::Epochs;
use super::key_uses::KeyUses;
use super::remembered::Remembered;

/// How many keys are remembered whose owner is known.
const OWNERS: usize = 100_000;
/// How many keys are remembered that were nobody's.
const STRANGERS: usize = 10_000;

/// Keys that are good, of users who are not locked out.
pub(crate) struct KeyCheck {
    clock: Arc<dyn Clock>,
    keys: StandingKeys,
    /// Whose a key is, which never changes. Answers are remembered by their owner's epoch, so that has to be known first.
    owners: Cache<[u8; 32], UserId>,
    remembered: Remembered<[u8; 32], Option<Arc<StandingKey>>, StoreError>,
    uses: KeyUses,
    /// Keys that were nobody's, and when: a program that goes on with one costs no look-up, and no other its turn.
    strangers: Cache<[u8; 32], OffsetDateTime>,
    bound: Duration,
}

fn too_many(Throttled { seconds }: Throttled) -> Refusal {
    Refusal::TooManyAttempts(seconds)
}

impl KeyCheck {
    /// A check that remembers answers for at most `bound`.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        keys: StandingKeys,
        epochs: Arc<Epochs>,
        bound: Duration,
    ) -> Self {
        let remembered = Remembered::new("api_keys", epochs, bound);
        let uses = KeyUses::new(Arc::clone(&clock), keys.clone());
        Self {
            clock,
            keys,
            owners: Cache::new(OWNERS),
            remembered,
            uses,
            strangers: Cache::new(STRANGERS),
            bound,
        }
    }

    /// Notes uses of keys.
    pub(crate) fn uses(&self) -> KeyUses {
        self.uses.clone()
    }

    /// Whose key this is, which came from this IP address, and what it is good for.
    pub(crate) async fn authenticate(&self, text: &str, from: Option<IpAddr>) -> Result<Actor, Refusal> {
        let hash = ApiKey::hash_of(text).ok_or(Refusal::InvalidToken)?;
        let now = self.clock.now();
        // A key is never made a second time: one that is nobody's stays so.
        if self.strangers.get(hash.as_bytes()).is_some_and(|at| now - at < self.bound) {
            return Err(Refusal::InvalidToken);
        }
        // A key that was somebody's waits for no one who guesses.
        let is_new = self.owners.get(hash.as_bytes()).is_none();
        if is_new {
            self.keys.guesses.check(from, now).map_err(too_many)?;
        }
        let known = self.known(&hash).await.map_err(|cause| {
            tracing::warn!(?cause, "an API key could not be looked up");
            Refusal::Unavailable
        })?;
        let Some(known) = known else {
            if is_new {
                self.strangers.insert(*hash.as_bytes(), now);
                self.keys.guesses.spend(from, now).map_err(too_many)?;
            }
            return Err(Refusal::InvalidToken);
        };
        let StandingKey { key, scope } = &*known;
        if key.is_over(now) {
            return Err(Refusal::Expired);
        }
        self.uses.note(key).await;
        let span = tracing::Span::current();
        tracing::record_all!(span, user = key.user.0, api_key = key.id.0);
        let proof = Proof { methods: Methods::default(), at: None };
        Ok(Actor { who: key.user, via: Via::ApiKey(key.id), scope: scope.clone(), proof })
    }

    async fn known(&self, hash: &SecretHash) -> Result<Option<Arc<StandingKey>>, Arc<StoreError>> {
        let key = *hash.as_bytes();
        let owner = if let Some(owner) = self.owners.get(&key) {
            owner
        } else {
            let found = self.keys.find(hash).await.map_err(Arc::new)?;
            let Some(found) = found else { return Ok(None) };
            self.owners.insert(key, found.key.user);
            found.key.user
        };
        let look = || async { Ok(self.keys.find(hash).await?.map(Arc::new)) };
        self.remembered.get(key, owner, look).await
    }

    /// How much the memory is used.
    pub(crate) fn usage(&self) -> CacheUse {
        self.remembered.usage()
    }
}
