//! Pending verifications of e-mail addresses and their repository.

use async_trait::async_trait;
use keyward_auth::SecretHash;
use time::OffsetDateTime;

use super::store_error::StoreError;
use crate::values::email::Email;
use crate::values::ids::UserId;

/// A pending verification: an e-mail address whose owner has to prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The account whose address it is, or is to become.
    pub user: UserId,
    /// The address.
    pub email: Email,
    /// The hash of the link's token.
    pub token: SecretHash,
}

/// Stores pending verifications, at most one per account.
#[async_trait]
pub trait VerificationRepository: Send {
    /// Replaces the account's pending verification, unless that was stored after `unless_since`. Returns whether it did.
    async fn replace(
        &mut self,
        new: &Pending,
        now: OffsetDateTime,
        unless_since: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// Returns when the account's pending verification was stored.
    async fn kept_at(&mut self, user: UserId) -> Result<Option<OffsetDateTime>, StoreError>;
    /// Counts an attempt at each code for this address that is valid at `now` and had fewer than `tries` attempts.
    /// Returns those codes' verifications.
    async fn count_try(
        &mut self,
        email: &Email,
        now: OffsetDateTime,
        tries: u32,
    ) -> Result<Vec<Pending>, StoreError>;
    /// Spends a token that is valid at `now`. Returns what it proves, to one caller only.
    async fn spend(&mut self, token: &SecretHash, now: OffsetDateTime)
    -> Result<Option<Pending>, StoreError>;
    /// Deletes the account's pending verification.
    async fn forget_of(&mut self, user: UserId) -> Result<(), StoreError>;
    /// Deletes verifications that expired before `before`. Returns the number deleted.
    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
}
