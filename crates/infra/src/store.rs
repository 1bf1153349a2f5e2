//! [`Database`]: the `Store` port, with autocommit and transactions over one set of repositories.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use keyward_domain::clients::ClientRepository;
use keyward_domain::events::EventRepository;
use keyward_domain::housekeeping::JobRepository;
use keyward_domain::keys::KeyRepository;
use keyward_domain::outbox::OutboxRepository;
use keyward_domain::posts::PostRepository;
use keyward_domain::recovery::RecoveryRepository;
use keyward_domain::revocations::RevocationRepository;
use keyward_domain::sessions::SessionRepository;
use keyward_domain::shop::cart::CartRepository;
use keyward_domain::shop::catalog::CatalogRepository;
use keyward_domain::shop::orders::OrderRepository;
use keyward_domain::store::{PoolUse, Repositories, Store, StoreError, Transaction};
use keyward_domain::throttle::AttemptRepository;
use keyward_domain::users::UserRepository;
use keyward_domain::verification::VerificationRepository;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};
use tokio::sync::Notify;

use crate::bounded::{Bounded, Patience};
use crate::connect::{ConnectError, Opened, open, open_replica};
pub(crate) use crate::connections::Connections;
use crate::connections::{Open, Pools, Split};
use crate::contention::pause;
use crate::error::failed;
use crate::inspection;
use crate::options::DatabaseOptions;
use crate::replica::{Replica, Route};
use crate::signals::Signal;

/// An open database. Cheap to clone; all clones share its connections.
///
/// SQLite has one connection that writes, so that writers wait for one another here, fairly, and never for the file's
/// lock; and a few that read meanwhile. PostgreSQL has one pool for both.
#[derive(Clone)]
pub struct Database {
    pools: Arc<Pools>,
    replica: Option<Arc<Replica>>,
}

impl Database {
    /// Opens the database that `url` names: `sqlite://path/to/file` or `postgres://user:password@host/database`.
    ///
    /// A SQLite file is made if it is missing, readable for its owner only; its folder must be there. The schema is left
    /// as it is.
    ///
    /// # Errors
    /// [`ConnectError`] names the problem in one sentence.
    pub async fn connect(url: &str, options: DatabaseOptions) -> Result<Self, ConnectError> {
        Ok(Self::over(open(url, &options).await?, options))
    }

    pub(crate) fn over(opened: Opened, options: DatabaseOptions) -> Self {
        let patience =
            Patience { limit: options.acquire_timeout + options.statement_timeout, probe: opened.probe };
        let pools = Pools {
            reader: Bounded::new(opened.reader, patience.clone()),
            writer: Bounded::new(opened.writer, patience),
            listener: opened.listener,
            mail: Arc::default(),
        };
        Self { pools: Arc::new(pools), replica: None }
    }

    /// The same database, where [`Store::replica`] reads from the copy at `url` while that answers.
    ///
    /// # Errors
    /// [`ConnectError`] for a URL that names no PostgreSQL, and on SQLite. A copy that is away is none.
    pub fn with_replica(self, url: &str, options: DatabaseOptions) -> Result<Self, ConnectError> {
        if self.pools.writer.get_database_backend() != DbBackend::Postgres {
            return Err(ConnectError::NoReplica);
        }
        Ok(Self { replica: Some(Arc::new(open_replica(url, &options)?)), ..self })
    }

    /// The connection that may write, for migrating.
    pub fn connection(&self) -> &DatabaseConnection {
        self.pools.writer.inner()
    }

    /// Notified whenever this process has put a mail into the outbox.
    pub fn mail(&self) -> Arc<Notify> {
        Arc::clone(&self.pools.mail)
    }

    /// Passes on what every process on this database says of its changes, until dropped. On SQLite, and on servers
    /// without `NOTIFY`, there is nothing to hear.
    pub async fn listen(&self, hear: impl Fn(Signal) + Send + Sync) {
        match &self.pools.listener {
            Some(listener) => listener.run(hear).await,
            None => std::future::pending().await,
        }
    }

    /// Waits for calls under way and closes every connection. A later call answers [`StoreError::Unavailable`].
    ///
    /// # Errors
    /// What the database answered; the connections are gone all the same.
    pub async fn close(&self) -> Result<(), StoreError> {
        let readers = self.pools.reader.inner().close_by_ref().await;
        // The writer last: SQLite then tidies its write-ahead log away.
        let writer = self.pools.writer.inner().close_by_ref().await;
        readers.and(writer).map_err(failed)
    }
}

#[async_trait]
impl Store for Database {
    fn autocommit(&self) -> Box<dyn Repositories> {
        Box::new(Db(Arc::clone(&self.pools)))
    }

    fn replica(&self) -> Box<dyn Repositories> {
        let Some(replica) = &self.replica else { return self.autocommit() };
        let primary = self.pools.writer.clone();
        let read = Route { replica: Some(Arc::clone(replica)), primary: primary.clone() };
        Box::new(Db(Split { pools: Arc::clone(&self.pools), read, write: Route { replica: None, primary } }))
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        let connection = self.pools.writer.begin().await.map_err(failed)?;
        let pools = Arc::clone(&self.pools);
        Ok(Box::new(Db(Open { connection, pools, mail: AtomicBool::new(false) })))
    }

    async fn rest(&self, round: u32) {
        pause(round).await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let reader = &self.pools.reader;
        let question = match reader.get_database_backend() {
            // Reads the file, which `SELECT 1` does not.
            DbBackend::Sqlite => "PRAGMA schema_version",
            _ => "SELECT 1",
        };
        reader.execute_unprepared(question).await.map(drop).map_err(failed)
    }

    fn pools(&self) -> Vec<PoolUse> {
        inspection::pools(self.pools.reader.inner(), self.pools.writer.inner())
    }
}

/// Every repository, for the pools and for a transaction alike.
pub(crate) struct Db<C>(C);

impl<C: Connections> Db<C> {
    pub(crate) fn read(&self) -> &C::Connection {
        self.0.read()
    }

    pub(crate) fn write(&self) -> &C::Connection {
        self.0.write()
    }

    pub(crate) async fn tell(&self, signal: Signal) -> Result<(), StoreError> {
        self.0.tell(signal).await
    }

    pub(crate) fn mail_waits(&self) {
        self.0.mail_waits();
    }
}

impl<C: Connections> Repositories for Db<C> {
    fn users(&mut self) -> &mut dyn UserRepository {
        self
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        self
    }

    fn posts(&mut self) -> &mut dyn PostRepository {
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

    fn catalog(&mut self) -> &mut dyn CatalogRepository {
        self
    }

    fn carts(&mut self) -> &mut dyn CartRepository {
        self
    }

    fn orders(&mut self) -> &mut dyn OrderRepository {
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
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Open { connection, pools, mail } = self.0;
        connection.commit().await.map_err(failed)?;
        if mail.into_inner() {
            pools.mail.notify_one();
        }
        Ok(())
    }
}
