//! A connection whose every call ends in bounded time, and which acknowledges a write only once it is committed.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use crate::database::contention::{is_contention, pause};
use crate::database::error::{away, no_answer};
use crate::database::interrupt::{Interrupt, InterruptOnDrop};
use crate::database::probe::Probe;

/// How long a call may take, at most.
///
/// The database's own limits come first; this one also holds when the server is stopped or the network swallows packets.
#[derive(Clone)]
pub(crate) struct Patience {
    /// However well the server is.
    pub(crate) limit: Duration,
    /// Ends the waiting for a server that is away.
    pub(crate) probe: Option<Arc<Probe>>,
    /// Ends a statement that was given up, where the database would go on with it.
    pub(crate) interrupt: Option<Interrupt>,
}

/// A pool or a transaction that answers within bounded time, be it with an error.
#[derive(Clone)]
pub struct Bounded<C> {
    inner: C,
    patience: Patience,
    /// How often a statement is repeated that only failed because of another one at the same moment.
    again: u32,
    /// Whether the connection is held, by a transaction, so that what runs on it is this call.
    held: bool,
}

impl<C> Bounded<C> {
    /// A statement of its own is repeated where that helps.
    pub(crate) fn new(inner: C, patience: Patience) -> Self {
        Self { inner, patience, again: 12, held: false }
    }

    pub(crate) fn inner(&self) -> &C {
        &self.inner
    }
}

impl Bounded<DatabaseConnection> {
    /// Begins a transaction that may write: SQLite takes the write lock now, since a transaction that asks for it later
    /// fails at once when another has written in between.
    ///
    /// It begins in a task of its own, which goes on when its caller is gone, and then rolls it back. Were it given up
    /// half-way, the driver would hand the connection to another caller as if no transaction had begun on it, and
    /// that caller's writes would be acknowledged and never committed.
    pub(crate) async fn begin(&self) -> Result<Bounded<DatabaseTransaction>, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let pool = self.inner.clone();
        let begun = tokio::spawn(async move { pool.begin_with_options(options).await });
        let begun = async { begun.await.map_err(|error| away(error.to_string()))? };
        let inner = self.patience.wait_for(begun, false).await?;
        // Within a transaction a statement cannot be repeated; the whole has to be.
        Ok(Bounded { inner, patience: self.patience.clone(), again: 0, held: true })
    }
}

impl Bounded<DatabaseTransaction> {
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        self.patience.wait_for(self.inner.commit(), false).await
    }
}

impl Patience {
    /// `held` says that the call has the connection already. One that only waits for it must not interrupt its holder;
    /// one that took all the time there is has had it, for waiting ends earlier.
    async fn wait_for<T>(
        &self,
        call: impl Future<Output = Result<T, DbErr>> + Send,
        held: bool,
    ) -> Result<T, DbErr> {
        // Dropped after the interruption, so that a connection is not back in its pool by then.
        let call = pin!(call);
        let mut given_up = InterruptOnDrop(self.interrupt.as_ref().filter(|_| held));
        let limited = tokio::time::timeout(self.limit, call);
        let answered = match &self.probe {
            Some(probe) => tokio::select! {
                answered = limited => answered,
                reason = probe.away() => return Err(away(reason)),
            },
            None => limited.await,
        };
        if answered.is_ok() {
            given_up.0 = None;
        } else {
            given_up.0 = self.interrupt.as_ref();
        }
        answered.unwrap_or_else(|_| Err(no_answer(self.limit)))
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send> ConnectionTrait for Bounded<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut round = 0;
        loop {
            let done = self.patience.wait_for(self.inner.execute_raw(statement.clone()), self.held).await;
            round += 1;
            match done {
                Err(error) if round <= self.again && is_contention(&error) => pause(round).await,
                done => return done,
            }
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.patience.wait_for(self.inner.execute_unprepared(sql), self.held).await
    }

    /// Runs the statement to its end. `INSERT ... RETURNING` yields its row before it is committed, and a driver asked
    /// for one row stops there and never learns that, say, the disk was full.
    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut round = 0;
        loop {
            let done = self.patience.wait_for(self.inner.query_all_raw(statement.clone()), self.held).await;
            round += 1;
            match done {
                Err(error) if round <= self.again && is_contention(&error) => pause(round).await,
                done => return done,
            }
        }
    }
}
