//! Second factors of accounts and their repositories: authenticator apps (TOTP), and recovery codes for the day they are lost.

use async_trait::async_trait;
use keyward_auth::SecretHash;
use time::OffsetDateTime;

use super::store_error::StoreError;
use crate::values::ids::UserId;

/// An authenticator app that counts: its first code was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totp {
    /// The secret it shares with us, sealed under the master secret.
    pub secret: Vec<u8>,
    /// The step of the newest code that was used. No code of this step or of an earlier one is good any more.
    pub last_step: i64,
    /// When it was enrolled.
    pub since: OffsetDateTime,
}

/// The second factors of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Factors {
    /// Its authenticator app.
    pub totp: Option<Totp>,
    /// Whether it has passkeys.
    pub passkeys: bool,
    /// Number of unused recovery codes.
    pub recovery_codes: u64,
}

/// An authenticator app that was offered a secret and has not shown a code yet. It does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotpOffer {
    /// Whose it is.
    pub user: UserId,
    /// The secret, sealed under the master secret.
    pub secret: Vec<u8>,
    /// Until when it can be confirmed.
    pub expires_at: OffsetDateTime,
}

/// Looks second factors up, and stores offers, at most one per account.
#[async_trait]
pub trait FactorRepository: Send {
    /// Returns the account's second factors; none if the account does not exist.
    async fn of_user(&mut self, user: UserId) -> Result<Factors, StoreError>;
    /// Finds the account's authenticator app.
    async fn totp(&mut self, user: UserId) -> Result<Option<Totp>, StoreError>;
    /// Stores an offer in place of the account's earlier one; [`StoreError::Dangling`] when the account has been deleted.
    async fn offer_totp(&mut self, offer: &TotpOffer) -> Result<(), StoreError>;
    /// Finds the account's offer, if it is valid at `now`.
    async fn totp_offer(
        &mut self,
        user: UserId,
        now: OffsetDateTime,
    ) -> Result<Option<TotpOffer>, StoreError>;
    /// Returns how many unused recovery codes the account has.
    async fn recovery_codes(&mut self, user: UserId) -> Result<u64, StoreError>;
    /// Returns whether this is the hash of an unused recovery code of the account.
    async fn has_recovery_code(&mut self, user: UserId, hash: &SecretHash) -> Result<bool, StoreError>;
    /// Deletes offers that expired before `before`. Returns the number deleted.
    async fn forget_offers(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
}

/// Changes second factors. Only a transaction has these: each announces itself when it commits.
#[async_trait]
pub trait FactorChanges: Send {
    /// Makes the account's offer with this secret its authenticator app, in place of an earlier one. The code of `step` counts
    /// as used. Returns whether there was such an offer.
    async fn accept_totp(
        &mut self,
        offer: &TotpOffer,
        step: i64,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// Uses the code of a step, if neither this step nor a later one was used. Returns whether it was so.
    async fn use_step(&mut self, user: UserId, step: i64) -> Result<bool, StoreError>;
    /// Deletes the account's authenticator app and its offer. Returns whether it had an app.
    async fn remove_totp(&mut self, user: UserId) -> Result<bool, StoreError>;
    /// Replaces the account's recovery codes by these; without any, it has none any more.
    async fn replace_recovery_codes(&mut self, user: UserId, codes: &[SecretHash]) -> Result<(), StoreError>;
    /// Uses a recovery code. Returns whether the account had it, to one caller only.
    async fn use_recovery_code(&mut self, user: UserId, code: &SecretHash) -> Result<bool, StoreError>;
}
