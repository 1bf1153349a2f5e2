//! What people agreed to: which client may act in their name, and with what scope.

use async_trait::async_trait;
use keyward_auth::ScopeSet;
use time::OffsetDateTime;

use super::store_error::StoreError;
use crate::values::ids::{ClientId, UserId};
use crate::values::uris::ResourceUri;

/// What a person allowed a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    pub user: UserId,
    pub client: ClientId,
    pub scope: ScopeSet,
    /// The services that its tokens may be for, beside this server.
    pub resources: Vec<ResourceUri>,
    /// When they last agreed.
    pub allowed_at: OffsetDateTime,
}

/// Stores consents, at most one per account and client.
#[async_trait]
pub trait ConsentRepository: Send {
    /// Finds what an account allowed a client.
    async fn find(&mut self, user: UserId, client: &ClientId) -> Result<Option<Consent>, StoreError>;
    /// Stores a consent in place of the one before.
    async fn put(&mut self, consent: &Consent) -> Result<(), StoreError>;
    /// Returns the consents of an account, by the client's id, at most `limit`.
    async fn of_user(&mut self, user: UserId, limit: u64) -> Result<Vec<Consent>, StoreError>;
    /// Deletes a consent. Returns whether it existed.
    async fn forget(&mut self, user: UserId, client: &ClientId) -> Result<bool, StoreError>;
    /// Deletes at most `limit` consents to a client. Returns the number deleted.
    async fn forget_some_of_client(&mut self, client: &ClientId, limit: u64) -> Result<u64, StoreError>;
}
