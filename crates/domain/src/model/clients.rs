//! OAuth2 clients (RFC 6749, section 2) and their repository.

use async_trait::async_trait;
use keyward_auth::{Algorithm, ScopeSet, SecretHash};
use time::OffsetDateTime;

use super::store_error::StoreError;
use crate::values::ids::ClientId;
use crate::values::logout_uri::Backchannel;
use crate::values::resource_uri::ResourceUri;
use crate::values::scopes;
use crate::values::text::Text;
use crate::values::uris::RedirectUri;

/// The name of a client, as people read it.
pub type ClientName = Text<1, 100>;

/// A registered client.
#[derive(Clone, Debug)]
pub struct Client {
    pub id: ClientId,
    /// The SHA-256 of its secret, which has so much entropy that this is enough. A public client has none: it is known by its
    /// id alone (RFC 6749, section 2.1).
    pub secret: Option<SecretHash>,
    pub settings: ClientSettings,
    /// When it was registered.
    pub created_at: OffsetDateTime,
}

/// What an administrator decides about a client, and may change later.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "decided one by one")]
pub struct ClientSettings {
    pub name: ClientName,
    /// What it may be granted: for itself, and at most in the name of a user.
    pub scope: ScopeSet,
    /// Where authorization codes may be sent. Without any, the client has no use of `/oauth/authorize`.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where a browser may return to after a logout (OpenID Connect RP-Initiated Logout).
    pub logout_uris: Vec<RedirectUri>,
    /// The services that its tokens may be for (RFC 8707).
    pub resources: Vec<ResourceUri>,
    /// How its ID tokens are signed.
    pub id_token_alg: Algorithm,
    /// Whether it belongs to the operator of this server: people are not asked whether to allow it.
    pub first_party: bool,
    /// Whether its authorization requests have to be pushed (RFC 9126).
    pub require_par: bool,
    /// Whether it may log people in on devices without a browser (RFC 8628).
    pub device: bool,
    /// Where logout tokens for its ended sessions go (OpenID Connect Back-Channel Logout).
    pub backchannel: Backchannel,
    /// Whether it cannot do without `sid` in logout tokens, which ours always have.
    pub backchannel_session_required: bool,
}

/// A change of a client. `None` leaves a member as it is.
#[derive(Clone, Debug, Default)]
pub struct ClientChange {
    pub name: Option<ClientName>,
    pub scope: Option<ScopeSet>,
    pub redirect_uris: Option<Vec<RedirectUri>>,
    pub logout_uris: Option<Vec<RedirectUri>>,
    pub resources: Option<Vec<ResourceUri>>,
    pub id_token_alg: Option<Algorithm>,
    pub first_party: Option<bool>,
    pub device: Option<bool>,
    pub require_par: Option<bool>,
    pub backchannel: Option<Backchannel>,
    pub backchannel_session_required: Option<bool>,
}

impl ClientSettings {
    /// Settings with a name and a scope alone: a client without redirect URIs, whose ID tokens would be RS256.
    pub fn new(name: ClientName, scope: ScopeSet) -> Self {
        Self {
            name,
            scope,
            redirect_uris: Vec::new(),
            logout_uris: Vec::new(),
            resources: Vec::new(),
            id_token_alg: Algorithm::Rs256,
            first_party: false,
            device: false,
            require_par: false,
            backchannel: Backchannel::default(),
            backchannel_session_required: false,
        }
    }
}

impl ClientSettings {
    /// The scope of a client that names none: for logging people in, if it has a redirect URI or is for devices.
    pub fn usual_scope(redirect_uris: &[RedirectUri], device: bool) -> ScopeSet {
        let logs_in = device || !redirect_uris.is_empty();
        let names: &[&str] = if logs_in { &[scopes::OPENID, scopes::PROFILE, scopes::EMAIL] } else { &[] };
        ScopeSet::from_names(names.iter().copied()).unwrap_or_default()
    }
}

impl Client {
    /// Whether people can be logged in through it: by a redirect URI, or on devices.
    pub fn logs_people_in(&self) -> bool {
        self.settings.device || !self.settings.redirect_uris.is_empty()
    }

    /// Whether it has no secret.
    pub fn is_public(&self) -> bool {
        self.secret.is_none()
    }

    /// What is left of `allowed` where this client, if any, is in between.
    pub(crate) fn bound(client: Option<&Self>, allowed: &ScopeSet) -> ScopeSet {
        client.map_or_else(|| allowed.clone(), |client| scopes::intersection(allowed, &client.settings.scope))
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
    /// Returns the number of clients.
    async fn count(&mut self) -> Result<u64, StoreError>;
    /// Changes a client. Returns whether it exists.
    async fn change(&mut self, id: &ClientId, change: &ClientChange) -> Result<bool, StoreError>;
    /// Replaces the secret of a client that has one. Returns whether there is such a client.
    async fn replace_secret(&mut self, id: &ClientId, secret: &SecretHash) -> Result<bool, StoreError>;
    /// Returns whether the client exists; inside a transaction it then stays so until the end.
    async fn hold(&mut self, id: &ClientId) -> Result<bool, StoreError>;
    /// Removes a client. Returns whether it existed.
    async fn remove(&mut self, id: &ClientId) -> Result<bool, StoreError>;
}
