//! What is good once: sealed tokens that have no row of their own until they are used.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::store_error::StoreError;

/// The id of what is good once: random, sealed into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnceId(pub [u8; 16]);

/// Notes what was used.
#[async_trait]
pub trait SpentRepository: Send {
    /// Notes that this was used, to be called in the transaction in which it counts. Returns whether it is the first time:
    /// of any number of callers one hears that, once the others' transactions have ended.
    async fn spend(&mut self, id: OnceId, expires_at: OffsetDateTime) -> Result<bool, StoreError>;
    /// Deletes notes of what expired before `before`. Returns the number deleted.
    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
}
