//! [`Db`]: every repository, over the pools and over a transaction alike; and the transaction, [`Open`].

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use keyward_domain::model::api_keys::{ApiKeyChanges, ApiKeyRepository};
use keyward_domain::model::attempts::AttemptRepository;
use keyward_domain::model::browser_sessions::BrowserSessionRepository;
use keyward_domain::model::clients::ClientRepository;
use keyward_domain::model::consents::ConsentRepository;
use keyward_domain::model::devices::DeviceRepository;
use keyward_domain::model::events::EventRepository;
use keyward_domain::model::factors::{FactorChanges, FactorRepository};
use keyward_domain::model::jobs::JobRepository;
use keyward_domain::model::keys::KeyRepository;
use keyward_domain::model::logouts::LogoutRepository;
use keyward_domain::model::outbox::OutboxRepository;
use keyward_domain::model::overviews::OverviewRepository;
use keyward_domain::model::passkeys::{PasskeyChanges, PasskeyRepository};
use keyward_domain::model::recoveries::RecoveryRepository;
use keyward_domain::model::revocations::RevocationRepository;
use keyward_domain::model::sessions::{SessionEndings, SessionProofs, SessionRepository};
use keyward_domain::model::spent::SpentRepository;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::{UserChanges, UserRepository};
use keyward_domain::model::verifications::VerificationRepository;
use keyward_domain::ports::announce::Change;
use keyward_domain::ports::store::{Repositories, Transaction};
use keyward_domain::values::ids::UserId;
use sea_orm::DatabaseTransaction;

use super::announcer::{Announcement, Announcer};
use super::bounded::Bounded;
use super::connections::{Connections, Pools};
use super::error::failed;
use super::signals;

/// Every repository, over connections of one kind.
pub struct Db<C>(pub(crate) C);

impl<C: Connections> Db<C> {
    /// The connection for what only reads.
    pub fn read(&self) -> &C::Reading {
        self.0.read()
    }

    /// The connection for what writes.
    pub fn write(&self) -> &C::Writing {
        self.0.write()
    }

    /// Announces a change, as soon as it is committed.
    ///
    /// # Errors
    /// What the database answered; the change cannot be committed then.
    pub async fn announce(&self, change: Change) -> Result<(), StoreError> {
        self.0.announce(change).await
    }
}

/// A transaction, and what it will announce.
pub struct Open {
    pub(crate) leaving: Arc<[Leaving]>,
    pub(crate) removing: Arc<[Leaving]>,
    pub(crate) connection: Bounded<DatabaseTransaction>,
    pub(crate) pools: Arc<Pools>,
    pub(crate) announcer: Arc<Announcer>,
    pub(crate) changes: Mutex<Vec<Change>>,
}

impl Open {
    /// Announces a change to this process alone, once committed. Returns whether that is new.
    pub(crate) fn announce_here(&self, change: Change) -> bool {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let new = !changes.contains(&change);
        if new {
            changes.push(change);
        }
        new
    }

    /// Commits, then announces: also when the answer is lost or no longer awaited, for the commit may have happened.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let changes = self.changes.into_inner().unwrap_or_else(PoisonError::into_inner);
        let _announced_when_dropped = Announcement { announcer: self.announcer, changes };
        self.connection.commit().await.map_err(failed)
    }
}

#[async_trait]
impl Connections for Open {
    type Reading = Bounded<DatabaseTransaction>;
    type Writing = Bounded<DatabaseTransaction>;

    fn read(&self) -> &Self::Reading {
        &self.connection
    }

    fn write(&self) -> &Self::Writing {
        &self.connection
    }

    async fn announce(&self, change: Change) -> Result<(), StoreError> {
        if self.announce_here(change) && self.pools.listener.is_some() {
            signals::notify(&self.connection, change).await?;
        }
        Ok(())
    }
}

/// A step of a deletion. It runs in the transaction that deletes the account, before the account loses its names, and a
/// failure undoes the whole deletion. Its work must be bounded.
pub type Leaving = for<'a> fn(&'a mut Db<Open>, UserId) -> LeavingStep<'a>;

/// A step under way.
pub type LeavingStep<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;

impl<C: Connections> Repositories for Db<C> {
    fn users(&mut self) -> &mut dyn UserRepository {
        self
    }

    fn overviews(&mut self) -> &mut dyn OverviewRepository {
        self
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        self
    }

    fn browser_sessions(&mut self) -> &mut dyn BrowserSessionRepository {
        self
    }

    fn keys(&mut self) -> &mut dyn KeyRepository {
        self
    }

    fn clients(&mut self) -> &mut dyn ClientRepository {
        self
    }

    fn consents(&mut self) -> &mut dyn ConsentRepository {
        self
    }

    fn devices(&mut self) -> &mut dyn DeviceRepository {
        self
    }

    fn events(&mut self) -> &mut dyn EventRepository {
        self
    }

    fn jobs(&mut self) -> &mut dyn JobRepository {
        self
    }

    fn attempts(&mut self) -> &mut dyn AttemptRepository {
        self
    }

    fn outbox(&mut self) -> &mut dyn OutboxRepository {
        self
    }

    fn logouts(&mut self) -> &mut dyn LogoutRepository {
        self
    }

    fn recoveries(&mut self) -> &mut dyn RecoveryRepository {
        self
    }

    fn verifications(&mut self) -> &mut dyn VerificationRepository {
        self
    }

    fn revocations(&mut self) -> &mut dyn RevocationRepository {
        self
    }

    fn factors(&mut self) -> &mut dyn FactorRepository {
        self
    }

    fn passkeys(&mut self) -> &mut dyn PasskeyRepository {
        self
    }

    fn api_keys(&mut self) -> &mut dyn ApiKeyRepository {
        self
    }

    fn spent(&mut self) -> &mut dyn SpentRepository {
        self
    }
}

/// Dropped, SeaORM rolls it back.
#[async_trait]
impl Transaction for Db<Open> {
    fn user_changes(&mut self) -> &mut dyn UserChanges {
        self
    }

    fn factor_changes(&mut self) -> &mut dyn FactorChanges {
        self
    }

    fn passkey_changes(&mut self) -> &mut dyn PasskeyChanges {
        self
    }

    fn api_key_changes(&mut self) -> &mut dyn ApiKeyChanges {
        self
    }

    fn session_endings(&mut self) -> &mut dyn SessionEndings {
        self
    }

    fn session_proofs(&mut self) -> &mut dyn SessionProofs {
        self
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.0.commit().await
    }
}
