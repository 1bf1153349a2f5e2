//! Issuing ID tokens (OpenID Connect Core, sections 2, 3.1.3.3 and 12.2).

use std::sync::Arc;

use keyward_auth::{AccessToken, Authentication, IdTokenGrant, KeyRing, TokenError, Zeroizing};

use crate::keys::id_token_keys::IdTokenKeys;
use crate::keys::signing_keys::KeysError;
use crate::model::clients::Client;
use crate::ports::bundle::Ports;
use crate::values::scopes::OPENID;

/// Issues ID tokens.
#[derive(Clone)]
pub struct IdTokens {
    ports: Ports,
    keys: IdTokenKeys,
    ttl_seconds: i64,
}

/// Signs the ID tokens of one client: made before anything is written, so that no grant is used up for want of a key.
pub struct IdTokenSigner {
    ring: Arc<KeyRing>,
    now: i64,
    ttl_seconds: i64,
}

impl IdTokens {
    /// The use case; tokens are good for `ttl_seconds`.
    pub fn new(ports: Ports, keys: IdTokenKeys, ttl_seconds: i64) -> Self {
        Self { ports, keys, ttl_seconds }
    }

    /// A signer by the algorithm of this client; `None` for one that is not registered for `openid`.
    ///
    /// # Errors
    /// Those of [`IdTokenKeys::ring`].
    pub async fn signer(&self, client: &Client) -> Result<Option<IdTokenSigner>, KeysError> {
        if !client.settings.scope.contains(OPENID) {
            return Ok(None);
        }
        let ring = self.keys.ring(client.settings.id_token_alg).await?;
        let now = self.ports.clock.now().unix_timestamp();
        Ok(Some(IdTokenSigner { ring, now, ttl_seconds: self.ttl_seconds }))
    }
}

impl IdTokenSigner {
    /// The ID token beside an access token that a client was given; `None` where that has not the scope `openid`.
    ///
    /// # Errors
    /// [`TokenError::Signing`].
    pub fn beside(
        &self,
        access: &AccessToken,
        nonce: Option<&str>,
    ) -> Result<Option<Zeroizing<String>>, TokenError> {
        let claims = access.claims();
        let Some(client_id) = claims.client_id.as_deref().filter(|_| claims.scope.contains(OPENID)) else {
            return Ok(None);
        };
        let authentication = claims.auth_time.map(|at| Authentication {
            at,
            acr: claims.acr.clone().unwrap_or_default(),
            amr: claims.amr.clone(),
        });
        let grant = IdTokenGrant {
            issuer: &claims.iss,
            client_id,
            subject: &claims.sub,
            session: claims.sid.as_deref(),
            nonce,
            authentication: authentication.as_ref(),
            access_token: Some(access.as_str()),
            ttl_seconds: self.ttl_seconds,
        };
        let key = self.ring.current().ok_or(TokenError::Signing)?;
        grant.sign(key, self.now).map(Some)
    }
}
