//! Where a repository's statements go: the pools, or a copy for what reads; and how changes are announced.

use std::sync::Arc;

use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::announce::Change;
use sea_orm::{ConnectionTrait, DatabaseConnection};

use super::announcer::Announcer;
use super::bounded::Bounded;
use super::listener::Listener;
use super::read_pool::ReadPool;
use super::replica::Route;
use super::signals;

/// The connections of an open database.
pub(crate) struct Pools {
    pub(crate) reader: Bounded<ReadPool>,
    pub(crate) writer: Bounded<DatabaseConnection>,
    pub(crate) listener: Option<Listener>,
}

/// Where a repository's statements go.
#[async_trait]
pub trait Connections: Send + Sync {
    /// What runs a statement that only reads.
    type Reading: ConnectionTrait;
    /// What runs a statement that writes.
    type Writing: ConnectionTrait;

    /// For what only reads.
    fn read(&self) -> &Self::Reading;
    fn write(&self) -> &Self::Writing;
    /// Announces a change to this process and to others, as soon as it is committed.
    async fn announce(&self, change: Change) -> Result<(), StoreError>;
}

/// The pools: every statement is a transaction of its own.
#[derive(Clone)]
pub struct Autocommit {
    pub(crate) pools: Arc<Pools>,
    pub(crate) announcer: Arc<Announcer>,
}

#[async_trait]
impl Connections for Autocommit {
    type Reading = Bounded<ReadPool>;
    type Writing = Bounded<DatabaseConnection>;

    fn read(&self) -> &Self::Reading {
        &self.pools.reader
    }

    fn write(&self) -> &Self::Writing {
        &self.pools.writer
    }

    async fn announce(&self, change: Change) -> Result<(), StoreError> {
        self.announcer.announce(change);
        if self.pools.listener.is_some() {
            // The change is committed. A process that misses this notices within the revocation bound.
            drop(signals::notify(&self.pools.writer, change).await);
        }
        Ok(())
    }
}

/// A copy of the database for what reads; what writes goes to the primary.
pub struct Split {
    pub(crate) primary: Autocommit,
    pub(crate) read: Route,
}

#[async_trait]
impl Connections for Split {
    type Reading = Route;
    type Writing = Bounded<DatabaseConnection>;

    fn read(&self) -> &Route {
        &self.read
    }

    fn write(&self) -> &Self::Writing {
        self.primary.write()
    }

    async fn announce(&self, change: Change) -> Result<(), StoreError> {
        self.primary.announce(change).await
    }
}
