//! What people agreed to: which client may act in their name, and with what scope.

use async_trait::async_trait;
use keyward_auth::ScopeSet;
use time::OffsetDateTime;

use super::store_error::StoreError;
use crate::values::ids::{ClientId, UserId};
use crate::values::resource_uri::ResourceUri;
use crate::values::scopes::union;

/// What a person allowed a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    pub user: UserId,
    pub client: ClientId,
    /// The scope of tokens that are for this server.
    pub scope: ScopeSet,
    /// The scope of tokens that are for another service, each once.
    pub resources: Vec<(ResourceUri, ScopeSet)>,
    /// When they last agreed.
    pub allowed_at: OffsetDateTime,
}

impl Consent {
    /// Whether tokens of this scope for this service, or for this server, were agreed to.
    pub fn covers(&self, scope: &ScopeSet, resource: Option<&ResourceUri>) -> bool {
        match resource {
            None => scope.is_subset(&self.scope),
            Some(asked) => {
                self.resources.iter().any(|(known, allowed)| known == asked && scope.is_subset(allowed))
            }
        }
    }

    /// Notes that this was agreed to as well.
    pub fn add(&mut self, scope: &ScopeSet, resource: Option<ResourceUri>) {
        let Some(resource) = resource else {
            self.scope = union(&self.scope, scope);
            return;
        };
        match self.resources.iter_mut().find(|(known, _)| *known == resource) {
            Some((_, allowed)) => *allowed = union(allowed, scope),
            None => self.resources.push((resource, scope.clone())),
        }
    }

    /// All that was agreed to, for whichever service.
    pub fn whole(&self) -> ScopeSet {
        self.resources.iter().fold(self.scope.clone(), |whole, (_, scope)| union(&whole, scope))
    }
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
