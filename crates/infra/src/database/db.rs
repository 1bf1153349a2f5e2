//! [`Db`]: every repository, over the pools and over a transaction alike.

use async_trait::async_trait;
use keyward_domain::model::attempts::AttemptRepository;
use keyward_domain::model::clients::ClientRepository;
use keyward_domain::model::events::EventRepository;
use keyward_domain::model::jobs::JobRepository;
use keyward_domain::model::keys::KeyRepository;
use keyward_domain::model::outbox::OutboxRepository;
use keyward_domain::model::recoveries::RecoveryRepository;
use keyward_domain::model::revocations::RevocationRepository;
use keyward_domain::model::sessions::{SessionEndings, SessionRepository};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::{UserChanges, UserRepository};
use keyward_domain::model::verifications::VerificationRepository;
use keyward_domain::ports::announce::Change;
use keyward_domain::ports::store::{Repositories, Transaction};

use super::connections::{Connections, Open};

/// Every repository, over connections of one kind.
pub struct Db<C>(pub(crate) C);

impl<C: Connections> Db<C> {
    /// The connection for what only reads.
    pub fn read(&self) -> &C::Connection {
        self.0.read()
    }

    /// The connection for what writes.
    pub fn write(&self) -> &C::Connection {
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

impl<C: Connections> Repositories for Db<C> {
    fn users(&mut self) -> &mut dyn UserRepository {
        self
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        self
    }

    fn keys(&mut self) -> &mut dyn KeyRepository {
        self
    }

    fn clients(&mut self) -> &mut dyn ClientRepository {
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

    fn recoveries(&mut self) -> &mut dyn RecoveryRepository {
        self
    }

    fn verifications(&mut self) -> &mut dyn VerificationRepository {
        self
    }

    fn revocations(&mut self) -> &mut dyn RevocationRepository {
        self
    }
}

/// Dropped, SeaORM rolls it back.
#[async_trait]
impl Transaction for Db<Open> {
    fn user_changes(&mut self) -> &mut dyn UserChanges {
        self
    }

    fn session_endings(&mut self) -> &mut dyn SessionEndings {
        self
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.0.commit().await
    }
}
