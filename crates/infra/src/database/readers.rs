//! The connections that read from SQLite. Each is a pool of one and is lent to one call at a time, so that the statement of
//! a call that was given up can be interrupted: SQLite would go on with it, on a connection that nothing else could use.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sea_orm::{ConnAcquireErr, DatabaseConnection, DbErr};
use sqlx::Error as SqlxError;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::database::error::{away, no_answer};
use crate::database::interrupt::Interrupt;
use crate::database::options::DatabaseOptions;

/// The connections that read.
pub struct Readers {
    pub(crate) all: Vec<Reader>,
    /// The connections that no call has, as indices of `all`; there are as many permits.
    free: Mutex<Vec<usize>>,
    permits: Semaphore,
    acquire_timeout: Duration,
    statement_timeout: Duration,
}

/// A pool of one connection, and what interrupts its statement.
pub(crate) struct Reader {
    pub(crate) connection: DatabaseConnection,
    pub(crate) interrupt: Interrupt,
}

/// A connection that one call has. Dropped before its statement ended, it interrupts the statement.
pub(crate) struct Loan {
    readers: Arc<Readers>,
    index: usize,
    ended: bool,
}

impl Readers {
    pub(crate) fn new(all: Vec<Reader>, options: &DatabaseOptions) -> Self {
        Self {
            free: Mutex::new((0..all.len()).rev().collect()),
            permits: Semaphore::new(all.len()),
            all,
            acquire_timeout: options.acquire_timeout,
            statement_timeout: options.statement_timeout,
        }
    }

    /// Waits for a connection that no other call has.
    pub(crate) async fn borrow(self: &Arc<Self>) -> Result<Loan, DbErr> {
        let permit = timeout(self.acquire_timeout, self.permits.acquire()).await;
        let permit = permit.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?;
        let permit = permit.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))?;
        permit.forget();
        let index = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let index = index.ok_or_else(|| away("no connection is free".to_owned()))?;
        Ok(Loan { readers: Arc::clone(self), index, ended: false })
    }

    fn give_back(&self, index: usize) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(index);
        self.permits.add_permits(1);
    }

    /// Gives a connection back once its statement, which was interrupted, has ended.
    async fn recover(self: Arc<Self>, index: usize) {
        let reader = &self.all[index];
        let pool = reader.connection.get_sqlite_connection_pool();
        // The pool has its connection back when the statement on it has ended.
        while let Err(SqlxError::PoolTimedOut) = pool.acquire().await {}
        reader.interrupt.reset();
        self.give_back(index);
    }

    /// Closes every connection, after the call that has it.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        let mut closed = Ok(());
        for reader in &self.all {
            closed = closed.and(reader.connection.close_by_ref().await);
        }
        closed
    }
}

impl Loan {
    pub(crate) fn connection(&self) -> DatabaseConnection {
        self.readers.all[self.index].connection.clone()
    }

    /// Waits for the end of a statement on this connection, as long as a statement may take.
    pub(crate) async fn run<T>(
        mut self,
        statement: impl Future<Output = Result<T, DbErr>> + Send,
    ) -> Result<T, DbErr> {
        let limit = self.readers.statement_timeout;
        let done = timeout(limit, statement).await;
        self.ended = done.is_ok();
        done.unwrap_or_else(|_| Err(no_answer(limit)))
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if self.ended {
            self.readers.give_back(self.index);
            return;
        }
        self.readers.all[self.index].interrupt.now();
        // Without a runtime the process is ending.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(Arc::clone(&self.readers).recover(self.index));
        }
    }
}
