//! Where a repository's statements go: the pools, a replica for what reads, or a transaction; and who hears of changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use keyward_domain::store::StoreError;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction};
use tokio::sync::Notify;

use crate::bounded::Bounded;
use crate::listener::Listener;
use crate::replica::Route;
use crate::signals::{self, Signal};

/// What an open database has; every statement of its own is a transaction of its own.
pub(crate) struct Pools {
    pub(crate) reader: Bounded<DatabaseConnection>,
    pub(crate) writer: Bounded<DatabaseConnection>,
    pub(crate) listener: Option<Listener>,
    pub(crate) mail: Arc<Notify>,
}

/// A replica for what reads; what writes goes to the primary.
pub(crate) struct Split {
    pub(crate) pools: Arc<Pools>,
    pub(crate) read: Route,
    pub(crate) write: Route,
}

/// A transaction, and whom to tell of it.
pub(crate) struct Open {
    pub(crate) connection: Bounded<DatabaseTransaction>,
    pub(crate) pools: Arc<Pools>,
    pub(crate) mail: AtomicBool,
}

/// Where a repository's statements go.
#[async_trait]
pub(crate) trait Connections: Send + Sync {
    type Connection: ConnectionTrait;

    /// For what only reads.
    fn read(&self) -> &Self::Connection;
    /// For what writes.
    fn write(&self) -> &Self::Connection;
    /// Tells other processes of a change, as soon as it is committed.
    async fn tell(&self, signal: Signal) -> Result<(), StoreError>;
    /// Tells this process that mail is waiting, as soon as it is committed.
    fn mail_waits(&self);
}

#[async_trait]
impl Connections for Arc<Pools> {
    type Connection = Bounded<DatabaseConnection>;

    fn read(&self) -> &Self::Connection {
        &self.reader
    }

    fn write(&self) -> &Self::Connection {
        &self.writer
    }

    async fn tell(&self, signal: Signal) -> Result<(), StoreError> {
        if self.listener.is_some() {
            // The change is made. Who does not hear of it notices within the revocation bound.
            drop(signals::tell(&self.writer, &signal).await);
        }
        Ok(())
    }

    fn mail_waits(&self) {
        self.mail.notify_one();
    }
}

#[async_trait]
impl Connections for Split {
    type Connection = Route;

    fn read(&self) -> &Route {
        &self.read
    }

    fn write(&self) -> &Route {
        &self.write
    }

    async fn tell(&self, signal: Signal) -> Result<(), StoreError> {
        self.pools.tell(signal).await
    }

    fn mail_waits(&self) {
        self.pools.mail_waits();
    }
}

#[async_trait]
impl Connections for Open {
    type Connection = Bounded<DatabaseTransaction>;

    fn read(&self) -> &Self::Connection {
        &self.connection
    }

    fn write(&self) -> &Self::Connection {
        &self.connection
    }

    async fn tell(&self, signal: Signal) -> Result<(), StoreError> {
        match self.pools.listener {
            Some(_) => signals::tell(&self.connection, &signal).await,
            None => Ok(()),
        }
    }

    fn mail_waits(&self) {
        self.mail.store(true, Ordering::Relaxed);
    }
}
