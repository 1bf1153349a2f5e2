//! Looking up API keys that are good, with what they are good for now.

use std::sync::Arc;

use keyward_auth::{ScopeSet, SecretHash};
use time::{Duration, OffsetDateTime};

use crate::factors::policy::SecondFactor;
use crate::factors::standing::Standing;
use crate::limits::key_guesses::KeyGuesses;
use crate::model::api_keys::ApiKey;
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::values::ids::UserId;
use crate::values::scopes::{ENROL, Grants};

/// How often at most the use of a key is noted.
pub const NOTED_EVERY: Duration = Duration::MINUTE;

/// A key of an account that is not disabled. It may be [over by age](ApiKey::is_over).
#[derive(Clone, Debug)]
pub struct StandingKey {
    pub key: ApiKey,
    /// What it is good for: its scope, as far as its owner may do that now.
    pub scope: ScopeSet,
}

/// What a look-up of a key found.
#[derive(Clone, Debug)]
pub enum Found {
    /// A key of an account that is not disabled.
    Standing(StandingKey),
    /// A key of this account, which is locked out.
    LockedOut(UserId),
}

/// Looks up API keys, and notes their use.
#[derive(Clone)]
pub struct StandingKeys {
    ports: Ports,
    grants: Arc<Grants>,
    policy: SecondFactor,
    /// Limits keys that are no account's.
    pub guesses: KeyGuesses,
}

impl StandingKeys {
    /// Keys whose scope `grants` bounds. Where `policy` demands a second factor that the owner does not have, a key has the
    /// scope `enrol` alone, which opens no lock to it. `limited` says whether guesses have to wait.
    pub fn new(ports: Ports, grants: Grants, policy: SecondFactor, limited: bool) -> Self {
        Self { ports, grants: Arc::new(grants), policy, guesses: KeyGuesses::new(limited) }
    }

    /// Finds a key by its hash, unless its owner is locked out.
    pub async fn find(&self, hash: &SecretHash) -> Result<Option<StandingKey>, StoreError> {
        Ok(match self.look_up(hash).await? {
            Some(Found::Standing(key)) => Some(key),
            Some(Found::LockedOut(_)) | None => None,
        })
    }

    /// Finds a key by its hash; `None` for one that is no account's.
    pub async fn look_up(&self, hash: &SecretHash) -> Result<Option<Found>, StoreError> {
        let mut repositories = self.ports.store.autocommit();
        let Some(live) = repositories.api_keys().live(hash).await? else { return Ok(None) };
        if live.locked_out {
            return Ok(Some(Found::LockedOut(live.key.user)));
        }
        let lacks_factor = self.policy.demands(live.role)
            && !Standing::of(&mut *repositories, live.key.user).await?.is_owed();
        let scope = if lacks_factor {
            ScopeSet::from_names([ENROL]).unwrap_or_default()
        } else {
            self.grants.bound(live.role, &live.key.scope)
        };
        Ok(Some(Found::Standing(StandingKey { key: live.key, scope })))
    }

    /// Notes that a key was used at `now`, unless that was noted within the last minute.
    pub async fn note_use(&self, key: &ApiKey, now: OffsetDateTime) -> Result<(), StoreError> {
        let since = now - NOTED_EVERY;
        if key.last_used_at.is_some_and(|at| at > since) {
            return Ok(());
        }
        self.ports.store.autocommit().api_keys().note_use(key.id, now, since).await
    }
}
