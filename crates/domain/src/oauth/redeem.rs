//! Trading an authorization code for tokens (RFC 6749, section 4.1.3; RFC 7636, section 4.6).

use std::sync::Arc;

use keyward_auth::{MasterSecret, Thumbprint};

use super::authorize::code::Code;
use crate::model::clients::Client;
use crate::model::events::EventKind;
use crate::model::lifetimes::CLOCKS;
use crate::model::sessions::{LiveSession, Session};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::ports::store::Transaction;
use crate::sessions::ending::end;
use crate::sessions::error::SessionError;
use crate::sessions::opening::{Opening, Tokens};
use crate::values::by::By;
use crate::values::origin::Origin;
use crate::values::resource_uri::{ResourceUri, is_own};
use crate::values::scopes::{self, ENROL, OFFLINE_ACCESS};

/// What a client shows for tokens.
pub struct CodeRequest {
    pub code: String,
    pub code_verifier: Option<String>,
    pub redirect_uri: Option<String>,
    /// The service that the tokens are for, if the client says it again (RFC 8707, section 2.2).
    pub resource: Option<String>,
    /// The key that the client showed by a proof (RFC 9449), which the tokens are bound to.
    pub key: Option<Thumbprint>,
}

/// What a client gets.
pub struct Redeemed {
    pub tokens: Tokens,
    /// The nonce of the authorization request, for the ID token.
    pub nonce: Option<String>,
}

/// Trades codes for tokens.
#[derive(Clone)]
pub struct RedeemCode {
    ports: Ports,
    opening: Opening,
    master: Arc<MasterSecret>,
    issuer: Arc<str>,
}

impl RedeemCode {
    /// The use case; codes are sealed under `master`, and `issuer` is this server's address.
    pub fn new(ports: Ports, opening: Opening, master: Arc<MasterSecret>, issuer: Arc<str>) -> Self {
        Self { ports, opening, master, issuer }
    }

    /// Opens the session that the code stands for. A code is good once, for a minute, for the client, the redirect URI and the
    /// challenge that it was given for, and while the browser session stands. Another use of it ends the session that the first
    /// one opened (RFC 6749, section 4.1.2).
    ///
    /// # Errors
    /// [`SessionError::InvalidCode`]; [`SessionError::ForeignResource`] for another resource than the request's.
    pub async fn redeem(
        &self,
        request: &CodeRequest,
        client: &Client,
        origin: &Origin,
    ) -> Result<Redeemed, SessionError> {
        let now = self.ports.clock.now();
        let code = Code::open(&request.code, &self.master).ok_or(SessionError::InvalidCode)?;
        if !is_proven(&code, request, client) {
            return Err(SessionError::InvalidCode);
        }
        if code.is_over(now) {
            self.end_first(&code, origin).await?;
            return Err(SessionError::InvalidCode);
        }
        self.same_resource(request.resource.as_deref(), code.resource.as_ref())?;
        let (session, tokens) = self.prepare(&code, client, request.key.as_ref()).await?;
        if self.ports.retrying(|| self.store(&code, &session, origin)).await? {
            return Ok(Redeemed { tokens, nonce: code.nonce });
        }
        self.end_first(&code, origin).await?;
        Err(SessionError::InvalidCode)
    }

    /// Refuses another resource than the one that was asked for at first; `None` is this server.
    ///
    /// # Errors
    /// [`SessionError::ForeignResource`].
    pub(super) fn same_resource(
        &self,
        again: Option<&str>,
        first: Option<&ResourceUri>,
    ) -> Result<(), SessionError> {
        let is_other = |again: &str| match first {
            Some(first) => first.as_str() != again,
            None => !is_own(again, &self.issuer),
        };
        let again = again.filter(|again| !again.is_empty());
        if again.is_some_and(is_other) { Err(SessionError::ForeignResource) } else { Ok(()) }
    }

    /// The session that the code opens, which is not stored yet, and its tokens, bound to the key that the client showed.
    ///
    /// # Errors
    /// [`SessionError::InvalidCode`] where what allowed the code does not stand any more; [`SessionError::ForeignResource`] where the
    /// resource was taken from the client.
    pub(super) async fn prepare(
        &self,
        code: &Code,
        client: &Client,
        key: Option<&Thumbprint>,
    ) -> Result<(Session, Tokens), SessionError> {
        let now = self.ports.clock.now();
        // It may have been taken from the client since.
        if code.resource.as_ref().is_some_and(|own| !client.settings.resources.contains(own)) {
            return Err(SessionError::ForeignResource);
        }
        let browser = self.ports.store.autocommit().sessions().live(code.parent).await?;
        let standing = |live: &LiveSession| {
            live.session.user == code.user && !self.opening.lifetimes.are_over(&live.session, now)
        };
        let browser = browser.filter(standing).ok_or(SessionError::InvalidCode)?;
        // The role and the client's registration may have changed since the code was given.
        let allowed = Client::bound(Some(client), self.opening.grants().through_consent(browser.role));
        let mut session = self.session(code, &browser.session, scopes::intersection(&code.scope, &allowed));
        session.key = key.cloned().filter(|_| client.is_public());
        let mut repositories = self.ports.store.autocommit();
        let scope = session.scope.clone();
        let narrowed = self.opening.narrowed(&mut *repositories, &session, browser.role, scope).await?;
        drop(repositories);
        if narrowed.contains(ENROL) {
            return Err(SessionError::InvalidCode);
        }
        let tokens = self.opening.tokens(&session, narrowed, key)?;
        Ok((session, tokens))
    }

    /// The session that the code opens. It ends with the browser session, unless the client was granted access beyond it.
    fn session(&self, code: &Code, browser: &Session, scope: keyward_auth::ScopeSet) -> Session {
        let now = self.ports.clock.now();
        let mut salt = [0; 16];
        self.ports.random.fill(&mut salt);
        Session {
            id: code.session,
            user: code.user,
            parent: (!scope.contains(OFFLINE_ACCESS)).then_some(browser.id),
            opened_in: scope.contains(OFFLINE_ACCESS).then_some(browser.id),
            audience: code.resource.iter().map(ToString::to_string).collect(),
            scope,
            client: Some(code.client.clone()),
            // The client's server asks for the tokens, for the device that the person used.
            device: browser.device.clone(),
            created_at: now,
            last_seen_at: now,
            proof: browser.proof,
            counter: 0,
            key: None,
            salt,
        }
    }

    /// Stores the session. Returns whether this is the first use of the code.
    async fn store(&self, code: &Code, session: &Session, origin: &Origin) -> Result<bool, SessionError> {
        let mut tx = self.ports.store.begin().await?;
        if !self.stands(&mut *tx, code).await? {
            return Err(SessionError::InvalidCode);
        }
        if !tx.spent().spend(code.id, code.noted_until()).await? {
            return Ok(false);
        }
        self.opening.keep(&mut *tx, session, origin).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Whether the account, the client, the browser session and the consent stand that allowed the code. They then do until the end
    /// of the transaction.
    pub(super) async fn stands(&self, tx: &mut dyn Transaction, code: &Code) -> Result<bool, StoreError> {
        let account = tx.user_changes().hold(code.user).await?;
        Ok(account.is_some_and(|user| !user.disabled)
            && tx.clients().hold(&code.client).await?
            && tx.sessions().live(code.parent).await?.is_some()
            && self.is_allowed(tx, code).await?)
    }

    /// Whether the client is still the one that the code was given to, and what the person allowed it still covers the code: they
    /// may have taken it back since.
    async fn is_allowed(&self, tx: &mut dyn Transaction, code: &Code) -> Result<bool, StoreError> {
        let Some(client) = tx.clients().find(&code.client).await? else { return Ok(false) };
        if client.created_at - CLOCKS > code.given_at() {
            return Ok(false);
        }
        if client.settings.first_party {
            return Ok(true);
        }
        let consent = tx.consents().find(code.user, &code.client).await?;
        Ok(consent.is_some_and(|consent| {
            consent.allowed_at >= client.created_at - CLOCKS
                && consent.covers(&code.scope, code.resource.as_ref())
        }))
    }

    /// Ends the session that an earlier use of the code opened, if there was one: of the two who know the code, which one is the
    /// client cannot be known.
    pub(super) async fn end_first(&self, code: &Code, origin: &Origin) -> Result<(), StoreError> {
        let by = By::client(&code.client);
        end(&self.ports, code.user, code.session, EventKind::CodeReused, by, origin).await.map(drop)
    }
}

/// Whether the client is the one that the code was given to, and shows what the authorization request promised.
fn is_proven(code: &Code, request: &CodeRequest, client: &Client) -> bool {
    let redirect = match (&code.redirect_uri, request.redirect_uri.as_deref()) {
        (Some(hash), Some(given)) => hash.matches(given),
        (None, _) => true,
        (Some(_), None) => false,
    };
    let verified =
        request.code_verifier.as_deref().is_some_and(|verifier| code.challenge.is_met_by(verifier));
    let keyed = code.key.is_none() || code.key == request.key;
    code.client == client.id && redirect && verified && keyed
}
