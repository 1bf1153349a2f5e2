//! What OAuth2 clients may do with tokens: get one of their own (RFC 6749, section 4.4), revoke (RFC 7009) and
//! introspect (RFC 7662).

use std::sync::Arc;

use keyward_auth::{AccessToken, ApiKey, Authentication, Claims, Grant, ScopeSet, Thumbprint, TokenVerifier};
use time::OffsetDateTime;

use crate::identity::standing_keys::{StandingKey, StandingKeys};
use crate::model::clients::Client;
use crate::model::events::EventKind;
use crate::model::lifetimes::CLOCKS;
use crate::model::sessions::{LiveSession, Session};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::sessions::ending::end;
use crate::sessions::error::SessionError;
use crate::sessions::opening::Opening;
use crate::sessions::standing::StandingSessions;
use crate::values::by::By;
use crate::values::ids::{ClientId, SessionId};
use crate::values::origin::Origin;
use crate::values::proof::Proof;
use crate::values::resource_uri::is_own;
use crate::values::scopes::{self, OPENID_CONNECT};

/// A token that is good now.
#[derive(Clone, Debug)]
pub enum Introspection {
    /// An access token, with what may still be done with it.
    Access {
        claims: Claims,
        /// Its scope, as far as the user's role still allows it.
        scope: ScopeSet,
    },
    Refresh {
        /// The session it belongs to, with what the user's role still allows.
        session: Session,
        /// When it is over.
        expires_at: OffsetDateTime,
    },
    /// An API key, with what it is good for now.
    ApiKey(StandingKey),
}

/// Issues, revokes and introspects tokens for OAuth2 clients.
#[derive(Clone)]
pub struct OAuthTokens {
    ports: Ports,
    opening: Opening,
    standing: StandingSessions,
    verifier: Arc<dyn TokenVerifier>,
    keys: StandingKeys,
    issuer: Arc<str>,
}

impl OAuthTokens {
    /// The use case; `verifier` decides which access tokens are valid, and `keys` which API keys. `issuer` is this server's address.
    pub fn new(
        ports: Ports,
        opening: Opening,
        verifier: Arc<dyn TokenVerifier>,
        keys: StandingKeys,
        issuer: Arc<str>,
    ) -> Self {
        Self { ports, standing: StandingSessions::new(&opening), opening, verifier, keys, issuer }
    }

    /// An access token for the client itself. `scope` narrows what it was registered for, but for what is about a person. It is for
    /// `resource` where one is named, and otherwise for this server, and bound to `key` if the client shows one.
    ///
    /// # Errors
    /// [`SessionError::Scope`]; [`SessionError::ForeignResource`] for one that the client is not registered for.
    pub fn client_credentials(
        &self,
        client: &Client,
        scope: Option<&str>,
        resource: Option<&str>,
        key: Option<Thumbprint>,
    ) -> Result<AccessToken, SessionError> {
        let resource = resource.filter(|resource| !resource.is_empty());
        let resource = resource.filter(|resource| !is_own(resource, &self.issuer));
        let known = |asked: &str| client.settings.resources.iter().any(|own| own.as_str() == asked);
        if resource.is_some_and(|asked| !known(asked)) {
            return Err(SessionError::ForeignResource);
        }
        let own = client.settings.scope.iter().filter(|name| !OPENID_CONNECT.contains(name));
        let own = ScopeSet::from_names(own).unwrap_or_default();
        let grant = Grant {
            subject: client.id.to_string(),
            session: None,
            client_id: Some(client.id.to_string()),
            key,
            scope: scopes::grant(scope, &own)?,
            audience: resource.into_iter().map(str::to_owned).collect(),
            userinfo: false,
            authentication: None,
        };
        Ok(self.opening.sign(&grant)?)
    }

    /// Refuses another resource than this server, for a grant that gives tokens for this server alone.
    ///
    /// # Errors
    /// [`SessionError::ForeignResource`].
    pub fn only_own(&self, resource: Option<&str>) -> Result<(), SessionError> {
        let other = |resource: &str| !resource.is_empty() && !is_own(resource, &self.issuer);
        if resource.is_some_and(other) { Err(SessionError::ForeignResource) } else { Ok(()) }
    }

    /// Ends the session of an access or refresh token. Tokens that are no longer good, and those of other clients'
    /// sessions, change nothing. The caller's own token has no session, and an API key is its owner's to remove: they cannot be
    /// revoked, and the answer says so.
    pub async fn revoke(&self, token: &str, client: &ClientId, origin: &Origin) -> Result<(), SessionError> {
        if self.read_key(token).await?.is_some() {
            return Err(SessionError::KeyNotRevocable);
        }
        let live = match self.standing.of_refresh_token(token).await? {
            Some((_, live)) => Some(live),
            None => match self.read_access(token).await? {
                Some((claims, None)) if claims.client_id.as_deref() == Some(client.as_str()) => {
                    return Err(SessionError::NotRevocable);
                }
                found => found.and_then(|(_, live)| live),
            },
        };
        if let Some(LiveSession { session, .. }) = live
            && session.client.as_ref().is_none_or(|owner| owner == client)
        {
            end(&self.ports, session.user, session.id, EventKind::SessionEnded, By::client(client), origin)
                .await?;
        }
        Ok(())
    }

    /// The introspection result of a token; `None` for any token that is not valid.
    pub async fn introspect(&self, token: &str) -> Result<Option<Introspection>, StoreError> {
        if ApiKey::looks_like(token) {
            return Ok(self.read_key(token).await?.map(Introspection::ApiKey));
        }
        if let Some((claim, live)) = self.standing.of_refresh_token(token).await? {
            let now = self.ports.clock.now();
            let good = claim.counter == live.session.counter
                && !self.opening.lifetimes.are_over(&live.session, now)
                && self.standing.parent_stands(&live.session, now).await?;
            let expires_at = self.opening.lifetimes.end(&live.session);
            let granted = self.opening.grants().bound(live.role, &live.session.scope);
            let mut repositories = self.ports.store.autocommit();
            let scope = self.opening.narrowed(&mut *repositories, &live.session, live.role, granted).await?;
            let session = Session { scope, ..live.session };
            return Ok(good.then_some(Introspection::Refresh { session, expires_at }));
        }
        Ok(self.read_access(token).await?.map(|(mut claims, live)| {
            let Some(live) = live else {
                let scope = claims.scope.clone();
                return Introspection::Access { claims, scope };
            };
            let proof = Proof::of_claims(&claims).within(&live.session.proof);
            if let Some(Authentication { acr, amr, .. }) = proof.claims() {
                (claims.acr, claims.amr) = (Some(acr), amr);
            }
            let scope = self.opening.standing_scope(live.role, &proof, &claims.scope);
            Introspection::Access { claims, scope }
        }))
    }

    /// The API key that a text is, if it is good now.
    async fn read_key(&self, text: &str) -> Result<Option<StandingKey>, StoreError> {
        let Some(hash) = ApiKey::hash_of(text) else { return Ok(None) };
        let found = self.keys.find(&hash).await?;
        Ok(found.filter(|found| !found.key.is_over(self.ports.clock.now())))
    }

    /// What an access token says, with its session where it has one; `None` if it is not good.
    async fn read_access(&self, token: &str) -> Result<Option<(Claims, Option<LiveSession>)>, StoreError> {
        let Ok(claims) = self.verifier.verify(token, self.ports.clock.now().unix_timestamp()) else {
            return Ok(None);
        };
        let Some(sid) = &claims.sid else {
            let client = claims.client_id.as_deref().and_then(ClientId::parse);
            let client = match client {
                Some(id) => self.ports.store.autocommit().clients().find(&id).await?,
                None => None,
            };
            // A client that was removed may have a namesake since. It was registered by another machine's clock.
            let since = |client: Client| (client.created_at - CLOCKS).unix_timestamp();
            let known = client.is_some_and(|client| since(client) <= claims.iat);
            return Ok(known.then_some((claims, None)));
        };
        let live = match sid.parse() {
            Ok(id) => self.standing.find(SessionId(id)).await?,
            Err(_) => None,
        };
        let now = self.ports.clock.now();
        let live = live.filter(|found| now < found.until).map(|found| found.live);
        Ok(live.filter(|live| live.session.user.to_string() == claims.sub).map(|live| (claims, Some(live))))
    }
}
