//! The connections that read from SQLite. Each is lent to one call at a time, so that the statement of a call that was given
//! up can be interrupted: SQLite would go on with it, on a connection that nothing else could use.
//!
//! They are in no pool of the driver's, which tests a connection on each return: for SQLite's threads that is as much work as a
//! short statement.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyward_domain::ports::store::PoolUse;
use sea_orm::{ConnAcquireErr, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::query::Query;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Error as SqlxError, Sqlite, SqliteConnection, query_with, raw_sql};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use crate::database::error::{away, no_answer};
use crate::database::interrupt::Interrupt;
use crate::database::options::DatabaseOptions;

/// Sees every statement.
#[cfg(feature = "testing")]
pub(crate) type Witness = Arc<dyn Fn(&Statement) + Send + Sync>;

/// The connections that read.
pub struct Readers {
    options: SqliteConnectOptions,
    most: u32,
    /// Those that no call has; there are as many permits.
    free: Mutex<Vec<Reader>>,
    permits: Semaphore,
    acquire_timeout: Duration,
    statement_timeout: Duration,
    #[cfg(feature = "testing")]
    pub(crate) witness: Option<Witness>,
}

/// A connection, made when it is first used and anew after it failed; and what interrupts its statement.
#[derive(Default)]
struct Reader {
    connection: Option<SqliteConnection>,
    interrupt: Interrupt,
}

/// A connection that one call has. Dropped before its statement ended, it interrupts the statement.
pub(crate) struct Loan {
    readers: Arc<Readers>,
    reader: Reader,
    ended: bool,
}

impl Readers {
    /// Connects the first one; the others connect when they are used.
    pub(crate) async fn open(
        reading: SqliteConnectOptions,
        options: &DatabaseOptions,
    ) -> Result<Self, SqlxError> {
        let most = options.readers.max(1);
        let mut free: Vec<Reader> = (0..most).map(|_| Reader::default()).collect();
        if let Some(first) = free.last_mut() {
            first.connection(&reading).await?;
        }
        Ok(Self {
            options: reading,
            most,
            permits: Semaphore::new(free.len()),
            free: Mutex::new(free),
            acquire_timeout: options.acquire_timeout,
            statement_timeout: options.statement_timeout,
            #[cfg(feature = "testing")]
            witness: None,
        })
    }

    /// Waits for a connection that no other call has.
    pub(crate) async fn borrow(self: &Arc<Self>) -> Result<Loan, DbErr> {
        let permit = timeout(self.acquire_timeout, self.permits.acquire()).await;
        let permit = permit.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?;
        let permit = permit.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))?;
        permit.forget();
        let reader = self.free().pop().ok_or_else(|| away("no connection is free".to_owned()))?;
        Ok(Loan { readers: Arc::clone(self), reader, ended: false })
    }

    fn give_back(&self, reader: Reader) {
        self.free().push(reader);
        self.permits.add_permits(1);
    }

    /// Gives a connection back once its statement, which was interrupted, has ended.
    async fn recover(self: Arc<Self>, mut reader: Reader) {
        if let Some(connection) = &mut reader.connection
            && connection.ping().await.is_err()
        {
            reader.connection = None;
        }
        reader.interrupt.reset();
        self.give_back(reader);
    }

    /// Closes every connection, after the call that has it.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        // An error says that they are closed.
        let Ok(_all) = self.permits.acquire_many(self.most).await else { return Ok(()) };
        self.permits.close();
        let readers = mem::take(&mut *self.free());
        let mut closed = Ok(());
        for connection in readers.into_iter().filter_map(|reader| reader.connection) {
            closed = closed.and(connection.close().await.map_err(|error| DbErr::Conn(of_driver(error))));
        }
        closed
    }

    /// How many there are. Those that calls have count as open.
    pub(crate) fn usage(&self) -> PoolUse {
        let free = self.free();
        let idle = free.iter().filter(|reader| reader.connection.is_some()).count() as u64;
        let lent = u64::from(self.most).saturating_sub(free.len() as u64);
        PoolUse { name: "reader", open: idle + lent, idle, most: self.most.into() }
    }

    fn free(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    async fn connection(
        &mut self,
        options: &SqliteConnectOptions,
    ) -> Result<&mut SqliteConnection, SqlxError> {
        let connection = if let Some(connection) = self.connection.take() {
            connection
        } else {
            let mut connection = SqliteConnection::connect_with(options).await?;
            self.interrupt.arm(&mut connection).await?;
            connection
        };
        Ok(self.connection.insert(connection))
    }
}

impl Loan {
    /// All rows.
    pub(crate) async fn query(mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.show(&statement);
        let limit = self.readers.statement_timeout;
        let rows = async {
            let rows = prepared(statement).fetch_all(self.connection().await?).await;
            let rows = rows.map_err(|error| DbErr::Query(of_driver(error)))?;
            Ok(rows.into_iter().map(QueryResult::from).collect())
        };
        let done = timeout(limit, rows).await;
        self.end(done)
    }

    pub(crate) async fn execute(mut self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.show(&statement);
        let limit = self.readers.statement_timeout;
        let executed = async {
            let done = prepared(statement).execute(self.connection().await?).await;
            done.map(ExecResult::from).map_err(|error| DbErr::Exec(of_driver(error)))
        };
        let done = timeout(limit, executed).await;
        self.end(done)
    }

    pub(crate) async fn execute_unprepared(mut self, sql: &str) -> Result<ExecResult, DbErr> {
        let limit = self.readers.statement_timeout;
        let executed = async {
            let done = raw_sql(AssertSqlSafe(sql)).execute(self.connection().await?).await;
            done.map(ExecResult::from).map_err(|error| DbErr::Exec(of_driver(error)))
        };
        let done = timeout(limit, executed).await;
        self.end(done)
    }

    async fn connection(&mut self) -> Result<&mut SqliteConnection, DbErr> {
        self.reader.connection(&self.readers.options).await.map_err(|error| DbErr::Conn(of_driver(error)))
    }

    /// Gives the connection back with what came of its statement. One that failed is made anew.
    fn end<T>(mut self, done: Result<Result<T, DbErr>, Elapsed>) -> Result<T, DbErr> {
        let done = done.map_err(|_| no_answer(self.readers.statement_timeout))?;
        self.ended = true;
        if done.is_err() {
            self.reader.connection = None;
        }
        done
    }

    #[cfg(feature = "testing")]
    fn show(&self, statement: &Statement) {
        if let Some(witness) = &self.readers.witness {
            witness(statement);
        }
    }

    #[cfg(not(feature = "testing"))]
    fn show(&self, _: &Statement) {}
}

impl Drop for Loan {
    fn drop(&mut self) {
        let reader = mem::take(&mut self.reader);
        if self.ended || reader.connection.is_none() {
            self.readers.give_back(reader);
            return;
        }
        reader.interrupt.now();
        // Without a runtime the process is ending.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(Arc::clone(&self.readers).recover(reader));
        }
    }
}

fn of_driver(error: SqlxError) -> RuntimeErr {
    RuntimeErr::SqlxError(Arc::new(error))
}

fn prepared(statement: Statement) -> Query<'static, Sqlite, SqlxValues> {
    let Statement { sql, values, .. } = statement;
    query_with(AssertSqlSafe(sql), SqlxValues(values.unwrap_or_else(|| sea_orm::Values(Vec::new()))))
}
