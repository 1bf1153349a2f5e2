//! Pending verifications of e-mail addresses and their repository.

use async_trait::async_trait;
use keyward_auth::SecretHash;
use time::OffsetDateTime;

use super::store_error::StoreError;
use crate::values::email::Email;
use crate::values::ids::UserId;

/// What a verification was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To verify the address that the account has.
    Verify,
    /// To change the account's address, which the password allowed.
    Change,
}

impl Purpose {
    /// Its name, as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Change => "change",
        }
    }

    /// The purpose of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Verify, Self::Change].into_iter().find(|purpose| purpose.as_str() == name)
    }
}

/// A pending verification: an e-mail address whose owner has to prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The account whose address it is, or is to become.
    pub user: UserId,
    /// What it was asked for.
    pub purpose: Purpose,
    pub email: Email,
    /// The hash of the link's token.
    pub token: SecretHash,
}

/// Stores pending verifications, at most one per account and purpose.
#[async_trait]
pub trait VerificationRepository: Send {
    /// Replaces the account's pending verification of this purpose, unless that was stored after `unless_since`. Returns whether it did.
    async fn replace(
        &mut self,
        new: &Pending,
        now: OffsetDateTime,
        unless_since: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// Returns when the account's pending verification of this purpose was stored.
    async fn kept_at(&mut self, user: UserId, purpose: Purpose)
    -> Result<Option<OffsetDateTime>, StoreError>;
    /// Finds what a token that is valid at `now` proves, without spending it.
    async fn find(&mut self, token: &SecretHash, now: OffsetDateTime) -> Result<Option<Pending>, StoreError>;
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
    /// Deletes the account's pending verifications.
    async fn forget_of(&mut self, user: UserId) -> Result<(), StoreError>;
    /// Deletes verifications that expired before `before`. Returns the number deleted.
    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
}
