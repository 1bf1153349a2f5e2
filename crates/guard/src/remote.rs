//! An [`Authenticator`] that needs nothing but an issuer's address: it fetches the keys, keeps them fresh, and verifies with
//! them here, without a call for every request.

mod address;
mod builder;
mod credentials;
mod discovery;
mod error;
mod http;
mod introspection;
mod keys;
mod revocations;
mod task;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

pub use self::builder::RemoteBuilder;
pub use self::error::RemoteError;
use self::introspection::Introspection;
use self::keys::Keys;
use self::revocations::Revocations;
use crate::{Authenticator, Principal, Refusal};

/// Tokens of an issuer elsewhere, checked here with the keys it publishes.
///
/// Clones share everything; with the last of them the work in the background ends.
#[derive(Clone)]
pub struct RemoteAuthenticator {
    inner: Arc<Inner>,
}

struct Inner {
    issuer: String,
    keys: Keys,
    asked: Asked,
    sessions_optional: bool,
}

/// What is asked beside the keys.
enum Asked {
    Nothing,
    Introspection(Introspection),
    Revocations(Revocations),
}

impl RemoteAuthenticator {
    /// Tokens of the Keyward at this address, for its usual audience, `keyward`; fetches the keys before it answers.
    /// [`builder`](Self::builder) has everything else.
    ///
    /// # Errors
    /// [`RemoteError`], in one sentence, where the address is not usable, nobody is there, or it is somebody else.
    pub async fn discover(issuer: &str) -> Result<Self, RemoteError> {
        Self::builder(issuer).discover().await
    }

    /// Settings for the tokens of this issuer. Its address is compared exactly with `iss` and with what its metadata say,
    /// down to a slash at the end.
    pub fn builder(issuer: impl Into<String>) -> RemoteBuilder {
        RemoteBuilder::new(issuer.into())
    }

    /// Waits until there are keys, and an answer of the feed where that is followed.
    ///
    /// # Errors
    /// Why there are none. Both are fetched again and again in the background, so that a later call may succeed.
    pub async fn ready(&self) -> Result<(), RemoteError> {
        self.inner.keys.ready().await?;
        match &self.inner.asked {
            Asked::Nothing => Ok(()),
            Asked::Introspection(introspection) => introspection.ready().await,
            Asked::Revocations(revocations) => revocations.ready().await,
        }
    }

    /// Whether every session that ended longer ago than the bound is known here. Without following the feed: never; with
    /// introspection: always, since nothing is let in otherwise.
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
}

impl fmt::Debug for RemoteAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteAuthenticator").field("issuer", &self.inner.issuer).finish_non_exhaustive()
    }
}
