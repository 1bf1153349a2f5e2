//! The authenticator of an issuer elsewhere: the order in which a token is checked.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use keyward_auth::ApiKey;

use super::RemoteError;
use super::api_keys::ApiKeys;
use super::introspection::Introspection;
use super::keys::Keys;
use super::revocations::Revocations;
use crate::{Authenticator, Principal, ProofCheck, Refusal};

/// Tokens of an issuer elsewhere, checked here with the keys it publishes.
///
/// Clones share everything; with the last of them the work in the background ends.
#[derive(Clone)]
pub struct RemoteAuthenticator {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) issuer: String,
    pub(super) keys: Keys,
    pub(super) asked: Asked,
    pub(super) api_keys: Option<ApiKeys>,
    pub(super) sessions_optional: bool,
    pub(super) proofs: Option<ProofCheck>,
}

/// What is asked beside the keys.
pub(super) enum Asked {
    Nothing,
    Introspection(Introspection),
    Revocations(Revocations),
}

impl RemoteAuthenticator {
    pub(super) fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// Waits until there are keys, and an answer of the feed where that is followed.
    ///
    /// # Errors
    /// The error of the last fetch. Both are fetched again and again in the background, so that a later call may
    /// succeed.
    pub async fn ready(&self) -> Result<(), RemoteError> {
        self.inner.keys.ready().await?;
        if let Some(keys) = &self.inner.api_keys {
            keys.introspection().ready().await?;
        }
        match &self.inner.asked {
            Asked::Nothing => Ok(()),
            Asked::Introspection(introspection) => introspection.ready().await,
            Asked::Revocations(revocations) => revocations.ready().await,
        }
    }

    /// Whether every session that ended longer ago than the bound is known here. Without following the feed:
    /// never; with introspection: always, since nothing is let in otherwise.
    pub fn revocations_are_known(&self) -> bool {
        match &self.inner.asked {
            Asked::Nothing => false,
            Asked::Introspection(_) => true,
            Asked::Revocations(revocations) => revocations.are_current(),
        }
    }
}

#[async_trait]
impl Authenticator for RemoteAuthenticator {
    async fn authenticate(&self, token: &str) -> Result<Principal, Refusal> {
        let inner = &*self.inner;
        if ApiKey::looks_like(token) {
            return match &inner.api_keys {
                Some(keys) => keys.check(token).await,
                None => Err(Refusal::InvalidToken),
            };
        }
        let claims = inner.keys.verify(token).await?;
        if claims.sid.is_none() && !inner.sessions_optional {
            return Err(Refusal::InvalidToken);
        }
        let claims = match &inner.asked {
            Asked::Nothing => claims,
            Asked::Introspection(introspection) => introspection.confirm(token, claims).await?,
            Asked::Revocations(revocations) => {
                revocations.check(claims.sid.as_deref()).await?;
                claims
            }
        };
        Ok(Principal::from(claims))
    }

    fn proofs(&self) -> Option<&ProofCheck> {
        self.inner.proofs.as_ref()
    }
}

impl fmt::Debug for RemoteAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteAuthenticator").field("issuer", &self.inner.issuer).finish_non_exhaustive()
    }
}
