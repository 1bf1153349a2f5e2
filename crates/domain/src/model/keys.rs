//! Signing keys as they are stored, and their repository.

use async_trait::async_trait;
use keyward_auth::Algorithm;
use time::OffsetDateTime;

use super::store_error::StoreError;

/// A signing key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// Its key id: the RFC 7638 thumbprint.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The private key, encrypted under the master secret.
    pub sealed: Vec<u8>,
    /// When it was made and published.
    pub created_at: OffsetDateTime,
    /// From when on it signs.
    pub signs_from: OffsetDateTime,
    /// When it was withdrawn: nothing it signed is believed any more.
    pub retired_at: Option<OffsetDateTime>,
}

#[async_trait]
pub trait KeyRepository: Send {
    /// Adds a key; [`StoreError::Taken`] when it exists.
    async fn insert(&mut self, key: &StoredKey) -> Result<(), StoreError>;
    /// Returns every key of an algorithm that was not retired, by ascending `signs_from`, then `kid`.
    async fn of(&mut self, algorithm: Algorithm) -> Result<Vec<StoredKey>, StoreError>;
    /// Returns every key there ever was, by ascending `signs_from`, then `kid`.
    async fn all(&mut self) -> Result<Vec<StoredKey>, StoreError>;
    /// Retires a key. Returns whether it was in use.
    async fn retire(&mut self, kid: &str, now: OffsetDateTime) -> Result<bool, StoreError>;
}
