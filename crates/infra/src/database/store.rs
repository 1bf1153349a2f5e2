//! [`Database`]: the `Store` port.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use keyward_domain::model::sessions::{SessionRepository, Spend, Spent};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::announce::Subscriber;
use keyward_domain::ports::store::{PoolUse, Repositories, Store, Transaction};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr};

use super::announcer::Announcer;
use super::bounded::{Bounded, Patience};
use super::connect::{Opened, open, open_replica};
use super::connect_error::ConnectError;
use super::connections::{Autocommit, Pools, Split};
use super::contention::pause;
use super::db::{Db, Leaving, Open};
use super::error::failed;
use super::inspection;
use super::options::DatabaseOptions;
use super::replica::{Replica, Route};
use super::spend_queue::SpendQueue;

/// An open database. Cheap to clone; all clones share its connections and subscribers.
///
/// SQLite has one connection that writes, so that writers wait for one another here, fairly, and never for the file's
/// lock; and a few that read meanwhile. PostgreSQL has one pool for both.
#[derive(Clone)]
pub struct Database {
    pools: Arc<Pools>,
    announcer: Arc<Announcer>,
    spending: Arc<SpendQueue>,
    replica: Option<Arc<Replica>>,
    leaving: Arc<[Leaving]>,
    removing: Arc<[Leaving]>,
}

impl Database {
    /// Opens the database that `url` names: `sqlite://path/to/file` or `postgres://user:password@host/database`.
    ///
    /// A SQLite file is made if it is missing, readable for its owner only; its folder must exist. The schema is left as
    /// it is.
    ///
    /// # Errors
    /// [`ConnectError`] names the problem in one sentence.
    pub async fn connect(url: &str, options: DatabaseOptions) -> Result<Self, ConnectError> {
        Ok(Self::over(open(url, &options).await?, options))
    }

    pub(crate) fn over(opened: Opened, options: DatabaseOptions) -> Self {
        let patience = Patience {
            limit: options.acquire_timeout + options.statement_timeout,
            probe: opened.probe,
            interrupt: None,
        };
        let writing = Patience { interrupt: opened.interrupt, ..patience.clone() };
        let pools = Pools {
            reader: Bounded::new(opened.reader, patience),
            writer: Bounded::new(opened.writer, writing),
            listener: opened.listener,
        };
        let pools = Arc::new(pools);
        Self {
            spending: spending(&pools),
            pools,
            announcer: Arc::default(),
            replica: None,
            leaving: Arc::default(),
            removing: Arc::default(),
        }
    }

    /// The same database, where [`Store::replica`] reads from the copy at `url` while that answers.
    ///
    /// # Errors
    /// [`ConnectError`] for a URL that names no PostgreSQL, and on SQLite. A copy that does not answer is no error.
    pub fn with_replica(self, url: &str, options: DatabaseOptions) -> Result<Self, ConnectError> {
        if self.pools.writer.get_database_backend() != DbBackend::Postgres {
            return Err(ConnectError::NoReplica);
        }
        Ok(Self { replica: Some(Arc::new(open_replica(url, &options)?)), ..self })
    }

    /// The same database, where deleting an account runs these steps, in this order.
    #[must_use]
    pub fn with_leaving(self, steps: impl IntoIterator<Item = Leaving>) -> Self {
        Self { leaving: steps.into_iter().collect(), ..self }
    }

    /// The same database, where these steps run before each batch of a deleted account's rows is removed.
    #[must_use]
    pub fn with_removing(self, steps: impl IntoIterator<Item = Leaving>) -> Self {
        Self { removing: steps.into_iter().collect(), ..self }
    }

    /// The same connections with subscribers of their own, as another process has them.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn as_another_process(&self) -> Self {
        Self { announcer: Arc::default(), ..self.clone() }
    }

    /// The connection that may write, for migrating.
    pub fn connection(&self) -> &DatabaseConnection {
        self.pools.writer.inner()
    }

    /// Repositories whose every call is a transaction of its own.
    pub fn autocommit_db(&self) -> Db<Autocommit> {
        Db(Autocommit { pools: Arc::clone(&self.pools), announcer: Arc::clone(&self.announcer) })
    }

    /// Repositories whose reads come from the copy, where there is one that answers.
    pub fn replica_db(&self) -> Db<Split> {
        let Db(primary) = self.autocommit_db();
        let read = Route { replica: self.replica.clone(), primary: self.pools.reader.clone() };
        Db(Split { primary, read })
    }

    /// Begins a transaction without repositories.
    pub(crate) async fn begin_raw(&self) -> Result<Bounded<DatabaseTransaction>, DbErr> {
        self.pools.writer.begin().await
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// What the database answered.
    pub async fn begin_db(&self) -> Result<Db<Open>, StoreError> {
        let (pools, announcer) = (Arc::clone(&self.pools), Arc::clone(&self.announcer));
        let (leaving, removing) = (Arc::clone(&self.leaving), Arc::clone(&self.removing));
        let connection = self.begin_raw().await.map_err(failed)?;
        Ok(Db(Open { connection, pools, announcer, changes: Mutex::default(), leaving, removing }))
    }

    /// Notifies this database's subscribers of changes by other processes, until dropped. The reason of each interruption
    /// goes to `disconnected`. On SQLite, and on servers without `NOTIFY`, there is nothing to receive.
    pub async fn listen(&self, disconnected: impl Fn(String) + Send + Sync) {
        match &self.pools.listener {
            Some(listener) => listener.run(|change| self.announcer.announce(change), disconnected).await,
            None => std::future::pending().await,
        }
    }

    /// Waits for calls under way and closes every connection. A later call answers [`StoreError::Unavailable`].
    ///
    /// # Errors
    /// What the database answered; the connections are closed all the same.
    pub async fn close(&self) -> Result<(), StoreError> {
        let readers = self.pools.reader.inner().close().await;
        // The writer last: SQLite then removes its write-ahead log.
        let writer = self.pools.writer.inner().close_by_ref().await;
        readers.and(writer).map_err(failed)
    }
}

/// Refreshes that commit together: in a transaction on SQLite, and in a statement on PostgreSQL.
fn spending(pools: &Arc<Pools>) -> Arc<SpendQueue> {
    let sqlite = pools.writer.get_database_backend() == DbBackend::Sqlite;
    let pools = Arc::clone(pools);
    SpendQueue::new(move |tokens| {
        let pools = Arc::clone(&pools);
        Box::pin(async move {
            if !sqlite || tokens.len() == 1 {
                return Db(Autocommit { pools, announcer: Arc::default() }).spend(&tokens).await;
            }
            let connection = pools.writer.begin().await.map_err(failed)?;
            let changes = Mutex::default();
            let (leaving, removing, announcer) = (Arc::default(), Arc::default(), Arc::default());
            let mut tx = Db(Open { leaving, removing, connection, pools, announcer, changes });
            let spent = tx.spend(&tokens).await?;
            tx.0.commit().await.map(|()| spent)
        })
    })
}

#[async_trait]
impl Store for Database {
    fn autocommit(&self) -> Box<dyn Repositories> {
        Box::new(self.autocommit_db())
    }

    fn replica(&self) -> Box<dyn Repositories> {
        Box::new(self.replica_db())
    }

    async fn spend(&self, token: Spend) -> Spent {
        self.spending.spend(token).await
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(self.begin_db().await?))
    }

    fn subscribe(&self, subscriber: Arc<dyn Subscriber>) {
        self.announcer.subscribe(subscriber);
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
