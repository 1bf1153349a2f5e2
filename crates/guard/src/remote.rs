//! An [`Authenticator`] that needs nothing but an issuer's address: it fetches the keys, keeps them fresh, and verifies with
//! them here, without a call for every request.

mod address;
mod builder;
mod discovery;
mod error;
mod http;
mod keys;
mod task;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

pub use self::builder::RemoteBuilder;
pub use self::error::RemoteError;
use self::keys::Keys;
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
    sessions_optional: bool,
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

    /// Waits until there are keys.
    ///
    /// # Errors
    /// Why there are none. They are fetched again and again in the background, so that a later call may succeed.
    pub async fn ready(&self) -> Result<(), RemoteError> {
        self.inner.keys.ready().await
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
        Ok(Principal::from(claims))
    }
}

impl fmt::Debug for RemoteAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteAuthenticator").field("issuer", &self.inner.issuer).finish_non_exhaustive()
    }
}
