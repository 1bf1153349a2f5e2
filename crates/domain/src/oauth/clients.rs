//! Registering, changing, removing and authenticating OAuth2 clients.

use std::sync::Arc;

use keyward_auth::{Algorithm, SecretHash, Zeroizing, random_secret};

use super::client_error::ClientError;
use crate::factors::standing::{Standing, strong_enough};
use crate::model::clients::{Client, ClientChange, ClientSettings};
use crate::model::events::{Event, EventKind};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::ports::store::Transaction;
use crate::values::actor::Actor;
use crate::values::by::By;
use crate::values::ids::ClientId;
use crate::values::logout_uri::{Backchannel, LogoutUri};
use crate::values::origin::Origin;
use crate::values::reachable::names_public_host;
use crate::values::resource_uri::ResourceUri;

/// How many sessions or consents of a removed client are ended in one transaction, so that other writers do not wait for long.
const AT_ONCE: u64 = 500;
/// How many clients there may be.
pub const MOST: u64 = 1_000;
/// How many URIs of each kind a client may have.
pub const MOST_URIS: usize = 20;

/// Who changes clients: for events, and for the proof that is asked of an administrator.
pub struct Administration<'a> {
    pub by: By,
    /// The administrator; `None` for an operator's command.
    pub actor: Option<&'a Actor>,
    pub origin: &'a Origin,
}

impl Administration<'_> {
    /// An operator's command, without its arguments.
    pub fn command<'a>(name: &'static str, origin: &'a Origin) -> Administration<'a> {
        Administration { by: By::command(name), actor: None, origin }
    }

    async fn allowed(&self, tx: &mut dyn Transaction) -> Result<(), ClientError> {
        if let Some(actor) = self.actor {
            strong_enough(actor, &Standing::of(tx, actor.who).await?)?;
        }
        Ok(())
    }
}

/// The use cases of clients.
#[derive(Clone)]
pub struct Clients {
    ports: Ports,
    /// How tokens name this server.
    own: Arc<[String]>,
    /// Whether logout tokens may go to addresses that are not of the public Internet.
    private: bool,
}

impl Clients {
    /// Use cases over these ports.
    pub fn new(ports: Ports) -> Self {
        Self { ports, own: Arc::default(), private: false }
    }

    /// The same, where no client is registered for a resource of these names: the issuer and this server's audience.
    #[must_use]
    pub fn reserving(self, own: impl IntoIterator<Item = String>) -> Self {
        Self { own: own.into_iter().collect(), ..self }
    }

    /// The same, where logout tokens may go to addresses that are not of the public Internet, if `private`.
    #[must_use]
    pub fn telling_private(self, private: bool) -> Self {
        Self { private, ..self }
    }

    /// A new id for a client.
    pub fn make_id(&self) -> ClientId {
        loop {
            let made = &self.make_secret()[..16];
            // At a command line, what begins with a hyphen is a flag.
            if let Some(id) = ClientId::parse(made).filter(|_| !made.starts_with('-')) {
                return id;
            }
        }
    }

    /// A new secret for a client.
    pub fn make_secret(&self) -> Zeroizing<String> {
        random_secret(&*self.ports.random)
    }

    /// Registers a client, without `secret` a public one.
    ///
    /// # Errors
    /// [`ClientError::Taken`], [`ClientError::Full`], and what is wrong with the settings.
    pub async fn register(
        &self,
        id: ClientId,
        settings: ClientSettings,
        secret: Option<SecretHash>,
        who: &Administration<'_>,
    ) -> Result<Client, ClientError> {
        self.check(&settings)?;
        let client = Client { id, secret, settings, created_at: self.ports.clock.now() };
        if client.is_public() && !client.logs_people_in() {
            return Err(ClientError::NoRedirect);
        }
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                who.allowed(&mut *tx).await?;
                if tx.clients().count().await? >= MOST {
                    return Err(ClientError::Full(MOST));
                }
                match tx.clients().insert(&client).await {
                    Err(StoreError::Taken) => return Err(ClientError::Taken),
                    inserted => inserted?,
                }
                self.note(&mut *tx, EventKind::ClientMade, &client.id, who).await?;
                Ok(tx.commit().await?)
            })
            .await?;
        Ok(client)
    }

    /// What a client may be registered for, before anything is written.
    ///
    /// # Errors
    /// The [`ClientError`] of [`register`](Self::register) that these settings alone cause.
    pub fn check(&self, settings: &ClientSettings) -> Result<(), ClientError> {
        bounded(&settings.redirect_uris)?;
        bounded(&settings.logout_uris)?;
        self.foreign(&settings.resources)?;
        self.deliverable(&settings.backchannel)?;
        signable(settings.id_token_alg)
    }

    /// Refuses too many resources, and this server itself, also with a slash at the end.
    fn foreign(&self, resources: &[ResourceUri]) -> Result<(), ClientError> {
        bounded(resources)?;
        let is_own = |resource: &ResourceUri| {
            let name = resource.as_str().trim_end_matches('/');
            self.own.iter().any(|own| own.trim_end_matches('/') == name)
        };
        if resources.iter().any(is_own) { Err(ClientError::OwnResource) } else { Ok(()) }
    }

    /// Refuses a URI to which no logout token would be sent.
    fn deliverable(&self, Backchannel(uri): &Backchannel) -> Result<(), ClientError> {
        let may_be = |uri: &LogoutUri| self.private || names_public_host(uri.as_str());
        if uri.as_ref().is_none_or(may_be) { Ok(()) } else { Err(ClientError::PrivateReceiver) }
    }

    /// Every client, by id.
    pub async fn list(&self) -> Result<Vec<Client>, ClientError> {
        Ok(self.ports.store.autocommit().clients().list().await?)
    }

    /// The client of that id.
    ///
    /// # Errors
    /// [`ClientError::NotFound`].
    pub async fn find(&self, id: &ClientId) -> Result<Client, ClientError> {
        self.ports.store.autocommit().clients().find(id).await?.ok_or(ClientError::NotFound)
    }

    /// Changes a client. Tokens that were given before keep their audience; their scope is bounded by the client's at the next
    /// refresh.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], and what is wrong with the settings.
    pub async fn change(
        &self,
        id: &ClientId,
        change: &ClientChange,
        who: &Administration<'_>,
    ) -> Result<Client, ClientError> {
        for uris in [&change.redirect_uris, &change.logout_uris].into_iter().flatten() {
            bounded(uris)?;
        }
        self.foreign(change.resources.as_deref().unwrap_or_default())?;
        change.backchannel.as_ref().map_or(Ok(()), |uri| self.deliverable(uri))?;
        change.id_token_alg.map_or(Ok(()), signable)?;
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                who.allowed(&mut *tx).await?;
                if !tx.clients().change(id, change).await? {
                    return Err(ClientError::NotFound);
                }
                let client = tx.clients().find(id).await?.ok_or(ClientError::NotFound)?;
                if client.is_public() && !client.logs_people_in() {
                    return Err(ClientError::NoRedirect);
                }
                self.note(&mut *tx, EventKind::ClientChanged, id, who).await?;
                tx.commit().await?;
                Ok(client)
            })
            .await
    }

    /// Replaces the secret of a client: the one before is refused from now on. Tokens stay good.
    ///
    /// # Errors
    /// [`ClientError::NotFound`]; [`ClientError::NoSecret`] for a public client.
    pub async fn replace_secret(
        &self,
        id: &ClientId,
        secret: &SecretHash,
        who: &Administration<'_>,
    ) -> Result<(), ClientError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                who.allowed(&mut *tx).await?;
                if !tx.clients().replace_secret(id, secret).await? {
                    let found = tx.clients().find(id).await?;
                    return Err(found.map_or(ClientError::NotFound, |_| ClientError::NoSecret));
                }
                self.note(&mut *tx, EventKind::ClientSecretChanged, id, who).await?;
                Ok(tx.commit().await?)
            })
            .await
    }

    /// Removes a client and ends the sessions that were opened through it; says how many. Removing it again, when
    /// this was cut short, ends the rest.
    pub async fn remove(&self, id: &ClientId, who: &Administration<'_>) -> Result<u64, ClientError> {
        // The client first: then no further session can be opened or refreshed.
        let removed = self.ports.retrying(|| self.unregister(id, who)).await?;
        let mut ended = 0;
        while let batch @ 1.. = self.ports.retrying(|| self.end_some_sessions(id)).await? {
            ended += batch;
        }
        while self.ports.store.autocommit().consents().forget_some_of_client(id, AT_ONCE).await? > 0 {}
        if removed || ended > 0 { Ok(ended) } else { Err(ClientError::NotFound) }
    }

    async fn unregister(&self, id: &ClientId, who: &Administration<'_>) -> Result<bool, ClientError> {
        let mut tx = self.ports.store.begin().await?;
        who.allowed(&mut *tx).await?;
        let removed = tx.clients().remove(id).await?;
        if removed {
            self.note(&mut *tx, EventKind::ClientRemoved, id, who).await?;
        }
        tx.commit().await?;
        Ok(removed)
    }

    async fn note(
        &self,
        tx: &mut dyn Transaction,
        kind: EventKind,
        id: &ClientId,
        who: &Administration<'_>,
    ) -> Result<(), StoreError> {
        let event = Event::new(self.ports.clock.now(), kind, who.by.clone(), who.origin);
        tx.events().append(&event.saying(id.as_str())).await
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
        Ok(self.named(id).await?.is_some())
    }

    /// The client of that id, which proves nothing; `None` for an unknown id.
    pub async fn named(&self, id: &str) -> Result<Option<Client>, ClientError> {
        let Some(id) = ClientId::parse(id) else { return Ok(None) };
        Ok(self.ports.store.autocommit().clients().find(&id).await?)
    }

    /// The client that knows this secret.
    ///
    /// # Errors
    /// [`ClientError::Unknown`], for a public client too.
    pub async fn authenticate(&self, id: &str, secret: &str) -> Result<Client, ClientError> {
        let found = self.named(id).await?;
        let known = |client: &Client| client.secret.as_ref().is_some_and(|hash| hash.matches(secret));
        found.filter(known).ok_or(ClientError::Unknown)
    }
}

fn bounded<T>(uris: &[T]) -> Result<(), ClientError> {
    if uris.len() > MOST_URIS { Err(ClientError::TooManyUris(MOST_URIS)) } else { Ok(()) }
}

fn signable(algorithm: Algorithm) -> Result<(), ClientError> {
    if algorithm.is_asymmetric() { Ok(()) } else { Err(ClientError::Algorithm(algorithm)) }
}
