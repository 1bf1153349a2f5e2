//! What people allowed applications: remembering it, listing it, taking it back.

use keyward_auth::ScopeSet;
use time::OffsetDateTime;

use super::app_error::AppError;
use crate::model::clients::ClientName;
use crate::model::consents::Consent;
use crate::model::events::{Event, EventKind};
use crate::model::sessions::Session;
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::ports::store::Transaction;
use crate::sessions::opening::owner;
use crate::values::actor::Actor;
use crate::values::ids::ClientId;
use crate::values::origin::Origin;
use crate::values::resource_uri::ResourceUri;

/// How many applications an account may have allowed. Beyond them, the one allowed longest ago is forgotten.
pub const MOST: u64 = 200;

/// An application that may act in a person's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    pub client: ClientId,
    /// The name; `None` if the client was removed meanwhile.
    pub name: Option<ClientName>,
    /// What the person agreed to; empty where they were not asked, as for an application of this server's operator.
    pub scope: ScopeSet,
    /// When they agreed; `None` where they were not asked.
    pub allowed_at: Option<OffsetDateTime>,
}

/// Remembers, lists and takes back consents.
#[derive(Clone)]
pub struct Consents {
    ports: Ports,
}

impl Consents {
    /// The use case over these ports.
    pub fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Remembers that the session's user allowed a client this, beside what they allowed it before.
    pub(super) async fn remember(
        &self,
        session: &Session,
        client: &ClientId,
        scope: &ScopeSet,
        resource: Option<ResourceUri>,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                // Two decisions of one account wait for each other.
                if tx.user_changes().hold(session.user).await?.is_none() || !tx.clients().hold(client).await?
                {
                    return Ok(());
                }
                self.note(&mut *tx, session, client, scope, resource.clone(), origin).await?;
                tx.commit().await
            })
            .await
    }

    /// The same in a transaction that holds the account and the client.
    pub(super) async fn note(
        &self,
        tx: &mut dyn Transaction,
        session: &Session,
        client: &ClientId,
        scope: &ScopeSet,
        resource: Option<ResourceUri>,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        let (user, now) = (session.user, self.ports.clock.now());
        let before = tx.consents().find(user, client).await?;
        if before.is_none() {
            let all = tx.consents().of_user(user, MOST).await?;
            let oldest = all.iter().min_by_key(|consent| consent.allowed_at);
            if let Some(oldest) = oldest.filter(|_| all.len() as u64 >= MOST) {
                tx.consents().forget(user, &oldest.client).await?;
            }
        }
        let mut consent = before.unwrap_or_else(|| Consent {
            user,
            client: client.clone(),
            scope: ScopeSet::default(),
            resources: Vec::new(),
            allowed_at: now,
        });
        consent.add(scope, resource);
        consent.allowed_at = now;
        tx.consents().put(&consent).await?;
        let event = Event::new(now, EventKind::AppAllowed, owner(session), origin).of(user);
        let words = format!("{client}: {scope}");
        tx.events().append(&event.in_session(session.id).saying(words)).await
    }

    /// The applications that may act in the actor's name: those that the actor allowed, and those that have a session of theirs.
    pub async fn apps(&self, actor: &Actor) -> Result<Vec<App>, AppError> {
        let mut repositories = self.ports.store.autocommit();
        let consents = repositories.consents().of_user(actor.who, MOST).await?;
        let mut apps: Vec<App> = consents
            .into_iter()
            .map(|consent| App {
                name: None,
                scope: consent.whole(),
                client: consent.client,
                allowed_at: Some(consent.allowed_at),
            })
            .collect();
        for client in repositories.sessions().clients_of(actor.who, MOST).await? {
            if apps.iter().all(|app| app.client != client) {
                apps.push(App { client, name: None, scope: ScopeSet::default(), allowed_at: None });
            }
        }
        for app in &mut apps {
            app.name = repositories.clients().find(&app.client).await?.map(|client| client.settings.name);
        }
        Ok(apps)
    }

    /// Takes back what the actor allowed a client: its sessions of theirs end at once.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where it has none and was allowed nothing.
    pub async fn remove(&self, actor: &Actor, client: &ClientId, origin: &Origin) -> Result<(), AppError> {
        let now = self.ports.clock.now();
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                // A code that is being redeemed is either done with, and its session ends, or finds no consent.
                tx.user_changes().hold(actor.who).await?;
                let forgotten = tx.consents().forget(actor.who, client).await?;
                let disallowed = tx.devices().disallow(actor.who, Some(client)).await?;
                let ended = tx.session_endings().revoke_of_client(actor.who, client, now).await?;
                if !forgotten && ended == 0 && disallowed == 0 {
                    return Err(AppError::NotFound);
                }
                let event = Event::new(now, EventKind::AppRemoved, actor, origin).of(actor.who);
                let event = event.in_session(actor.session()).saying(client.as_str());
                tx.events().append(&event).await?;
                Ok(tx.commit().await?)
            })
            .await
    }
}
