//! OAuth2 clients (RFC 6749, section 2) and their repository.

use async_trait::async_trait;
use keyward_auth::{ScopeSet, SecretHash};
use time::OffsetDateTime;

use super::store_error::StoreError;
use crate::values::ids::ClientId;
use crate::values::scopes;
use crate::values::text::Text;

/// A registered client.
#[derive(Clone, Debug)]
pub struct Client {
    /// The id.
    pub id: ClientId,
    /// What people call it.
    pub name: Text<1, 100>,
    /// What it may be granted: for itself, and at most in the name of a user.
    pub scope: ScopeSet,
    /// The SHA-256 of its secret, which has so much entropy that this is enough.
    pub secret: SecretHash,
    /// When it was registered.
    pub created_at: OffsetDateTime,
}

impl Client {
    /// What is left of `allowed` where this client, if any, is in between.
    pub(crate) fn bound(client: Option<&Self>, allowed: &ScopeSet) -> ScopeSet {
        client.map_or_else(|| allowed.clone(), |client| scopes::intersection(allowed, &client.scope))
    }
}

/// Stores clients.
#[async_trait]
pub trait ClientRepository: Send {
    /// Adds a client; [`StoreError::Taken`] when the id is in use.
    async fn insert(&mut self, client: &Client) -> Result<(), StoreError>;
    /// Finds a client by its id.
    async fn find(&mut self, id: &ClientId) -> Result<Option<Client>, StoreError>;
    /// Returns every client, by id.
    async fn list(&mut self) -> Result<Vec<Client>, StoreError>;
    /// Returns whether the client exists; inside a transaction it then stays so until the end.
    async fn hold(&mut self, id: &ClientId) -> Result<bool, StoreError>;
    /// Removes a client. Returns whether it existed.
    async fn remove(&mut self, id: &ClientId) -> Result<bool, StoreError>;
}
