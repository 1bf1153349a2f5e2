//! OAuth2 clients (RFC 6749, section 2): programs that an operator registered, each with an id and a secret.

use std::fmt;

use async_trait::async_trait;
use keyward_auth::{ScopeSet, SecretHash};
use time::OffsetDateTime;

use crate::events::{Event, EventKind, Origin};
use crate::failure::{Failure, Kind};
use crate::ports::Ports;
use crate::scopes;
use crate::store::StoreError;
use crate::text::Text;
use crate::users::UserId;

/// The id of a client: 1 to 100 visible ASCII characters without `:`, `%` and `+`, so that it means the same in HTTP
/// Basic whether or not a library escapes it (RFC 6749, section 2.3.1); never digits alone, which is what the `sub` of a
/// user looks like.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// Checks `text`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let fits = (1..=100).contains(&text.len()) && is_plain(text) && !digits;
        fits.then(|| Self(text.to_owned()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `text` means the same in HTTP Basic whether or not it is escaped.
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !b":%+".contains(&byte))
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

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

/// Where clients are kept.
#[async_trait]
pub trait ClientRepository: Send {
    /// Adds a client; [`StoreError::Taken`] when the id is.
    async fn insert(&mut self, client: &Client) -> Result<(), StoreError>;
    /// The client of that id.
    async fn find(&mut self, id: &ClientId) -> Result<Option<Client>, StoreError>;
    /// Every client, by id.
    async fn list(&mut self) -> Result<Vec<Client>, StoreError>;
    /// Whether there is a client of that id; inside a transaction it then stays so until the end.
    async fn hold(&mut self, id: &ClientId) -> Result<bool, StoreError>;
    /// Removes a client; says whether there was one.
    async fn remove(&mut self, id: &ClientId) -> Result<bool, StoreError>;
}

/// Why a use case of this module did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Unknown, or another secret: deliberately one answer.
    #[error("Client authentication failed")]
    Unknown,
    /// There is a client of that id.
    #[error("there is a client with this id")]
    Taken,
    /// There is no client of that id.
    #[error("there is no client with this id")]
    NotFound,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for ClientError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unknown => Kind::Unauthenticated,
            Self::Taken => Kind::Conflict,
            Self::NotFound => Kind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }
}

/// How many sessions of a removed client are ended in one transaction, so that nobody else waits for long.
const AT_ONCE: u64 = 500;

/// The use cases of clients.
#[derive(Clone)]
pub struct Clients {
    ports: Ports,
}

impl Clients {
    /// Use cases over these ports.
    pub fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Registers a client.
    pub async fn register(
        &self,
        id: ClientId,
        name: Text<1, 100>,
        scope: ScopeSet,
        secret: SecretHash,
    ) -> Result<Client, ClientError> {
        let client = Client { id, name, scope, secret, created_at: self.ports.clock.now() };
        match self.ports.store.autocommit().clients().insert(&client).await {
            Ok(()) => Ok(client),
            Err(StoreError::Taken) => Err(ClientError::Taken),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a client and ends the sessions that were opened through it; says how many. Whoever removes it again, when
    /// this was cut short, ends the rest.
    pub async fn remove(&self, id: &ClientId) -> Result<u64, ClientError> {
        // The client first: then no further session can be opened or refreshed.
        let removed = self.ports.retrying(|| self.unregister(id)).await?;
        let mut ended = 0;
        loop {
            let users = self.ports.retrying(|| self.end_some_sessions(id)).await?;
            if users.is_empty() {
                break;
            }
            ended += users.len() as u64;
            for user in users {
                self.ports.changes.changed(user);
            }
        }
        if removed || ended > 0 { Ok(ended) } else { Err(ClientError::NotFound) }
    }

    async fn unregister(&self, id: &ClientId) -> Result<bool, StoreError> {
        let mut tx = self.ports.store.begin().await?;
        let removed = tx.clients().remove(id).await?;
        if removed {
            let event = Event::new(self.ports.clock.now(), EventKind::ClientRemoved, &Origin::default());
            tx.events().append(&event.saying(id.as_str())).await?;
        }
        tx.commit().await?;
        Ok(removed)
    }

    /// Whose sessions were ended: one entry a session.
    async fn end_some_sessions(&self, id: &ClientId) -> Result<Vec<UserId>, StoreError> {
        let mut tx = self.ports.store.begin().await?;
        let users = tx.sessions().revoke_some_of_client(id, self.ports.clock.now(), AT_ONCE).await?;
        tx.commit().await?;
        Ok(users)
    }

    /// The client that knows this secret.
    pub async fn authenticate(&self, id: &str, secret: &str) -> Result<Client, ClientError> {
        let id = ClientId::parse(id).ok_or(ClientError::Unknown)?;
        let found = self.ports.store.autocommit().clients().find(&id).await?;
        found.filter(|client| client.secret.matches(secret)).ok_or(ClientError::Unknown)
    }
}
