//! Passkeys of accounts (WebAuthn credentials) and their repository.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::store_error::StoreError;
use crate::values::ids::{PasskeyId, UserId};
use crate::values::text::Text;

/// How many passkeys an account may have.
pub const MOST_PASSKEYS: usize = 20;

/// What its owner calls a passkey.
pub type PasskeyName = Text<1, 100>;

/// The public key of a passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialKey {
    /// The key, as COSE writes it (RFC 9052, section 7).
    pub cose: Vec<u8>,
    /// The COSE algorithm of its signatures, as in -7 for ES256.
    pub algorithm: i32,
}

/// A passkey about to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPasskey {
    /// The account.
    pub user: UserId,
    /// The credential id that the authenticator chose, unique among all passkeys.
    pub credential: Vec<u8>,
    /// The user handle that the authenticator keeps with it: the same for all passkeys of an account.
    pub handle: Vec<u8>,
    /// Its public key.
    pub key: CredentialKey,
    /// The signature counter; 0 for authenticators that do not count.
    pub counter: u32,
    /// Whether it may be synced between devices. It never changes.
    pub backup_eligible: bool,
    /// How browsers reach its authenticator.
    pub transports: Vec<String>,
    /// What its owner calls it.
    pub name: PasskeyName,
    /// When it was registered.
    pub created_at: OffsetDateTime,
}

/// A stored passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Its id in paths.
    pub id: PasskeyId,
    /// What was stored with it; the counter is the highest one that was shown.
    pub new: NewPasskey,
    /// When it was last used.
    pub last_used_at: Option<OffsetDateTime>,
}

/// A use of a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasskeyUse {
    /// The account.
    pub user: UserId,
    /// The passkey.
    pub id: PasskeyId,
    /// The counter that it showed.
    pub counter: u32,
    /// When its challenge was issued.
    pub issued_at: OffsetDateTime,
    /// When it was shown.
    pub at: OffsetDateTime,
}

/// Looks passkeys up.
#[async_trait]
pub trait PasskeyRepository: Send {
    /// Returns the account's passkeys by ascending id, at most `limit`.
    async fn of_user(&mut self, user: UserId, limit: u64) -> Result<Vec<Passkey>, StoreError>;
    /// Finds a passkey by the credential id that its authenticator chose.
    async fn of_credential(&mut self, credential: &[u8]) -> Result<Option<Passkey>, StoreError>;
}

/// Changes passkeys. Only a transaction has these: what adds or removes one announces itself when it commits.
#[async_trait]
pub trait PasskeyChanges: Send {
    /// Adds a passkey. [`StoreError::Taken`] when its credential id is known.
    async fn insert(&mut self, new: &NewPasskey) -> Result<Passkey, StoreError>;
    /// Renames a passkey of this account. Returns it, if the account has it.
    async fn rename(
        &mut self,
        user: UserId,
        id: PasskeyId,
        name: &PasskeyName,
    ) -> Result<Option<Passkey>, StoreError>;
    /// Notes a use, unless the passkey was removed, challenges of that age are void, or the counter of a passkey that is never
    /// synced did not grow. Returns whether it was noted.
    async fn count_use(&mut self, shown: &PasskeyUse) -> Result<bool, StoreError>;
    /// Makes the challenges void that were issued before `now`, for every passkey of the account: its password or its factors
    /// change.
    async fn void_challenges(&mut self, user: UserId, now: OffsetDateTime) -> Result<(), StoreError>;
    /// Removes a passkey of this account. Returns whether the account had it.
    async fn remove(&mut self, user: UserId, id: PasskeyId) -> Result<bool, StoreError>;
    /// Removes every passkey of the account. Returns the number removed.
    async fn remove_all(&mut self, user: UserId) -> Result<u64, StoreError>;
}
