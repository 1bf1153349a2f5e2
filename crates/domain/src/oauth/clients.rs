//! Registering, removing and authenticating OAuth2 clients.

use keyward_auth::{ErrorCode, ScopeSet, SecretHash};

use crate::model::clients::Client;
use crate::model::events::{Event, EventKind};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::values::by::By;
use crate::values::codes;
use crate::values::failure::{Failure, Kind};
use crate::values::ids::ClientId;
use crate::values::origin::Origin;
use crate::values::text::Text;

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

    fn code(&self) -> ErrorCode {
        match self {
            Self::Unknown => codes::INVALID_CLIENT,
            Self::Taken => codes::CLIENT_TAKEN,
            Self::NotFound => codes::NOT_FOUND,
            Self::Store(error) => error.code(),
        }
    }
}

/// How many sessions of a removed client are ended in one transaction, so that other writers do not wait for long.
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

    /// Removes a client and ends the sessions that were opened through it; says how many. Removing it again, when
    /// this was cut short, ends the rest.
    pub async fn remove(&self, id: &ClientId, by: &By) -> Result<u64, ClientError> {
        // The client first: then no further session can be opened or refreshed.
        let removed = self.ports.retrying(|| self.unregister(id, by)).await?;
        let mut ended = 0;
        loop {
            let batch = self.ports.retrying(|| self.end_some_sessions(id)).await?;
            if batch == 0 {
                break;
            }
            ended += batch;
        }
        if removed || ended > 0 { Ok(ended) } else { Err(ClientError::NotFound) }
    }

    async fn unregister(&self, id: &ClientId, by: &By) -> Result<bool, StoreError> {
        let mut tx = self.ports.store.begin().await?;
        let removed = tx.clients().remove(id).await?;
        if removed {
            let now = self.ports.clock.now();
            let event = Event::new(now, EventKind::ClientRemoved, by.clone(), &Origin::default());
            tx.events().append(&event.saying(id.as_str())).await?;
        }
        tx.commit().await?;
        Ok(removed)
    }

    async fn end_some_sessions(&self, id: &ClientId) -> Result<u64, StoreError> {
        let mut tx = self.ports.store.begin().await?;
        let now = self.ports.clock.now();
        let ended = tx.session_endings().revoke_some_of_client(id, now, AT_ONCE).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Whether there is a client of that id.
    pub async fn is_registered(&self, id: &str) -> Result<bool, ClientError> {
        let Some(id) = ClientId::parse(id) else { return Ok(false) };
        Ok(self.ports.store.autocommit().clients().find(&id).await?.is_some())
    }

    /// The client that knows this secret.
    pub async fn authenticate(&self, id: &str, secret: &str) -> Result<Client, ClientError> {
        let id = ClientId::parse(id).ok_or(ClientError::Unknown)?;
        let found = self.ports.store.autocommit().clients().find(&id).await?;
        found.filter(|client| client.secret.matches(secret)).ok_or(ClientError::Unknown)
    }
}
