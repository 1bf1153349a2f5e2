//! API keys and their repository: what programs send in place of a login.

use async_trait::async_trait;
use keyward_auth::{ScopeSet, SecretHash};
use time::OffsetDateTime;

use super::store_error::StoreError;
use crate::values::ids::{ApiKeyId, UserId};
use crate::values::scopes::Role;
use crate::values::text::Text;

/// What its owner calls a key.
pub type KeyName = Text<1, 100>;

/// An API key, without the key itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub id: ApiKeyId,
    /// Its owner.
    pub user: UserId,
    /// What its owner calls it.
    pub name: KeyName,
    /// What it was made for. What its owner may do now bounds that.
    pub scope: ScopeSet,
    pub created_at: OffsetDateTime,
    /// From when on it is refused; `None` for never.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<OffsetDateTime>,
}

impl ApiKey {
    /// Whether it is refused because of its age.
    pub fn is_over(&self, now: OffsetDateTime) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// A key about to be made.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    pub user: UserId,
    pub name: KeyName,
    pub scope: ScopeSet,
    /// The SHA-256 of the key, which has so much entropy that this is enough.
    pub hash: SecretHash,
    pub created_at: OffsetDateTime,
    pub expires_at: Option<OffsetDateTime>,
}

/// A key, and what its owner is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveApiKey {
    pub key: ApiKey,
    /// The owner's role at this moment.
    pub role: Role,
    /// Whether the owner is locked out: such a key is good for nothing.
    pub locked_out: bool,
}

/// Looks API keys up.
#[async_trait]
pub trait ApiKeyRepository: Send {
    /// Finds a key by its hash. It may be over by age, and its owner locked out.
    async fn live(&mut self, hash: &SecretHash) -> Result<Option<LiveApiKey>, StoreError>;
    /// Returns the keys of an account, by ascending id, at most `limit`.
    async fn of_user(&mut self, user: UserId, limit: u64) -> Result<Vec<ApiKey>, StoreError>;
    /// Notes that a key was used at `now`, unless it was used after `since`.
    async fn note_use(
        &mut self,
        id: ApiKeyId,
        now: OffsetDateTime,
        since: OffsetDateTime,
    ) -> Result<(), StoreError>;
}

/// Makes and removes API keys. Only a transaction has these: each announces itself when it commits.
#[async_trait]
pub trait ApiKeyChanges: Send {
    /// Adds a key; [`StoreError::Dangling`] when its account has been deleted.
    async fn insert(&mut self, new: &NewApiKey) -> Result<ApiKey, StoreError>;
    /// Removes one key of this account. Returns it, if there was such a key.
    async fn remove(&mut self, user: UserId, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError>;
    /// Removes every key of an account. Returns the number removed.
    async fn remove_all(&mut self, user: UserId) -> Result<u64, StoreError>;
    /// Removes the keys of an account that were over by age at `now`. Returns the number removed.
    async fn remove_over(&mut self, user: UserId, now: OffsetDateTime) -> Result<u64, StoreError>;
}
