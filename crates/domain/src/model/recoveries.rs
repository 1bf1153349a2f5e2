//! Password recoveries in progress and their repository.

use async_trait::async_trait;
use keyward_auth::SecretHash;
use time::OffsetDateTime;

use super::attempts::AttemptKey;
use super::store_error::StoreError;
use crate::values::ids::UserId;

/// A token about to be kept.
#[derive(Clone, Debug)]
pub struct NewRecovery {
    /// The digest of the address, which has one token at most.
    pub owner: AttemptKey,
    /// The account of that address, if there is one.
    pub user: Option<UserId>,
    pub token: SecretHash,
    /// Until when it is good.
    pub expires_at: OffsetDateTime,
}

/// Stores password recoveries, at most one per e-mail address.
#[async_trait]
pub trait RecoveryRepository: Send {
    /// Stores a token in place of the address's last one.
    async fn replace(&mut self, new: &NewRecovery) -> Result<(), StoreError>;
    /// Finds the account of a token that is valid at `now`, and the digest of the address it was sent to.
    async fn find(
        &mut self,
        token: &SecretHash,
        now: OffsetDateTime,
    ) -> Result<Option<(UserId, AttemptKey)>, StoreError>;
    /// Spends a token that is valid at `now`. Returns whether it was, to one caller only.
    async fn spend(&mut self, token: &SecretHash, now: OffsetDateTime) -> Result<bool, StoreError>;
    /// Deletes the account's token.
    async fn forget_of(&mut self, user: UserId) -> Result<(), StoreError>;
    /// Deletes tokens that expired before `before`. Returns the number deleted.
    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
}
