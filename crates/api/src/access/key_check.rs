//! Whether an API key is good: asked where a token is one, answered from memory when that is safe.
//!
//! As with sessions, an answer is remembered for at most the revocation bound, and forgotten at once when this process changes
//! anything about the key's owner, or is notified that another one did. A key with a wrong checksum costs no statement.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use keyward_auth::{ApiKey, SecretHash};
use keyward_domain::identity::standing_keys::{Found, StandingKey, StandingKeys};
use keyward_domain::limits::waits::Throttled;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::actor::{Actor, Via};
use keyward_domain::values::clock::Clock;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::proof::{Methods, Proof};
use keyward_guard::Refusal;
use quick_cache::sync::Cache;
use time::OffsetDateTime;
use tokio::sync::Semaphore;

use super::cache_use::CacheUse;
use super::epochs::Epochs;
use super::key_uses::KeyUses;
use super::remembered::Remembered;

/// How many keys are remembered whose owner is known.
const OWNERS: usize = 100_000;
/// How many keys are remembered that were no account's.
const STRANGERS: usize = 10_000;
/// How many keys are looked up at once that came from addresses beyond the limit of guesses.
const BEYOND: usize = 4;
/// How long such a look-up waits for its turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// Keys that are good, of users who are not locked out.
pub(crate) struct KeyCheck {
    clock: Arc<dyn Clock>,
    keys: StandingKeys,
    /// Whose a key is, which never changes. Answers are remembered by their owner's epoch, so that has to be known first.
    owners: Cache<[u8; 32], UserId>,
    remembered: Remembered<[u8; 32], Option<Arc<StandingKey>>, StoreError>,
    uses: KeyUses,
    /// The turns of look-ups beyond the limit of guesses.
    beyond: Semaphore,
    /// Keys that were no account's, and when: a program that goes on with one costs no look-up, and no other its turn.
    strangers: Cache<[u8; 32], OffsetDateTime>,
    bound: Duration,
}

/// Whose a key is that was sent.
enum Whose {
    /// No account's.
    Nobodys,
    /// An account's that is locked out, or it was removed.
    Void,
    /// It stands.
    Standing(Arc<StandingKey>),
}

fn unavailable(cause: &dyn std::fmt::Debug) -> Refusal {
    tracing::warn!(?cause, "an API key could not be looked up");
    Refusal::Unavailable
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
            beyond: Semaphore::new(BEYOND),
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
        // A key is never made a second time: one that is no account's stays so.
        if self.strangers.get(hash.as_bytes()).is_some_and(|at| now - at < self.bound) {
            return Err(Refusal::InvalidToken);
        }
        // A key that was an account's waits for no one who guesses.
        let whose = if self.owners.get(hash.as_bytes()).is_some() {
            self.known(&hash).await.map_err(|cause| unavailable(&cause))?
        } else {
            self.unknown(&hash, from, now).await?
        };
        let Whose::Standing(known) = whose else { return Err(Refusal::InvalidToken) };
        let StandingKey { key, scope } = &*known;
        if key.is_over(now) {
            return Err(Refusal::Expired);
        }
        self.uses.note(key).await;
        let span = tracing::Span::current();
        tracing::record_all!(span, user = key.user.0, api_key = key.id.0);
        let proof = Proof { methods: Methods::default(), at: None };
        Ok(Actor { who: key.user, via: Via::ApiKey(key.id), scope: scope.clone(), proof, confirmation: None })
    }

    /// The same for a key whose owner is not known: a guess, until it was looked up. Where the address guessed too often, it is
    /// looked up all the same, in its turn, so that others behind the address go on with theirs.
    async fn unknown(
        &self,
        hash: &SecretHash,
        from: Option<IpAddr>,
        now: OffsetDateTime,
    ) -> Result<Whose, Refusal> {
        let spent = self.keys.guesses.spend(from, now);
        let _turn = if spent.is_err() {
            let turn = tokio::time::timeout(PATIENCE, self.beyond.acquire()).await;
            Some(turn.map_err(|cause| unavailable(&cause))?.map_err(|cause| unavailable(&cause))?)
        } else {
            None
        };
        let known = self.known(hash).await;
        match (known, spent) {
            (Ok(Whose::Nobodys), spent) => {
                self.strangers.insert(*hash.as_bytes(), now);
                spent.map_err(|Throttled { seconds }| Refusal::TooManyAttempts(seconds))?;
                Ok(Whose::Nobodys)
            }
            (known, spent) => {
                if spent.is_ok() {
                    self.keys.guesses.give_back(from);
                }
                known.map_err(|cause| unavailable(&cause))
            }
        }
    }

    async fn known(&self, hash: &SecretHash) -> Result<Whose, Arc<StoreError>> {
        let key = *hash.as_bytes();
        let owner = if let Some(owner) = self.owners.get(&key) {
            owner
        } else {
            let owner = match self.keys.look_up(hash).await.map_err(Arc::new)? {
                Some(Found::Standing(found)) => found.key.user,
                Some(Found::LockedOut(owner)) => owner,
                None => return Ok(Whose::Nobodys),
            };
            self.owners.insert(key, owner);
            owner
        };
        let look = || async { Ok(self.keys.find(hash).await?.map(Arc::new)) };
        Ok(self.remembered.get(key, owner, look).await?.map_or(Whose::Void, Whose::Standing))
    }

    /// How much the memory is used.
    pub(crate) fn usage(&self) -> CacheUse {
        self.remembered.usage()
    }
}
