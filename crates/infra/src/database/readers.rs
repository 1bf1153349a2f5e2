//! The connections that read from SQLite. Each is lent to one call at a time, so that the statement of a call that was given
//! up can be interrupted: SQLite would go on with it, on a connection that nothing else could use.
//!
//! They are in no pool of the driver's. It tests a connection on each return, by a round trip to the connection's thread, which
//! takes as long as a short statement.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyward_domain::ports::store::PoolUse;
use sea_orm::{ConnAcquireErr, DbErr, ExecResult, QueryResult, Statement};
use sqlx::Error as SqlxError;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use crate::database::error::{away, no_answer};
use crate::database::options::DatabaseOptions;
use crate::database::reader::Reader;

/// Sees every prepared statement, before or after it runs.
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

/// A connection that one call has, and gives back when it is dropped.
pub(crate) struct Loan {
    readers: Arc<Readers>,
    reader: Option<Reader>,
    state: State,
}

/// How far the statement on a connection is.
enum State {
    /// Dropped in this state, a loan interrupts it.
    UnderWay,
    /// Its end is waited for. Dropped in this state, a loan gives the connection up.
    Interrupted,
    Ended,
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
        let reader = self.free().pop().ok_or_else(|| away("no connection is free".to_owned()))?;
        permit.forget();
        Ok(Loan { readers: Arc::clone(self), reader: Some(reader), state: State::UnderWay })
    }

    fn give_back(&self, reader: Reader) {
        self.free().push(reader);
        self.permits.add_permits(1);
    }

    /// Closes every connection, after the call that has it.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        // An error says that they are closed already.
        let Ok(_all) = self.permits.acquire_many(self.most).await else { return Ok(()) };
        let readers = mem::take(&mut *self.free());
        let mut closed = Ok(());
        for reader in readers {
            closed = closed.and(reader.close().await);
        }
        self.permits.close();
        closed
    }

    /// How many there are. Those that calls have count as open.
    pub(crate) fn usage(&self) -> PoolUse {
        let free = self.free();
        let idle = free.iter().filter(|reader| reader.connection.is_some()).count() as u64;
        let all = if self.permits.is_closed() { 0 } else { u64::from(self.most) };
        let lent = all.saturating_sub(free.len() as u64);
        PoolUse { name: "reader", open: idle + lent, idle, most: self.most.into() }
    }

    fn free(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loan {
    /// All rows.
    pub(crate) async fn query(mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.show(&statement);
        let (limit, readers) = (self.readers.statement_timeout, Arc::clone(&self.readers));
        let done = timeout(limit, self.reader().query(&readers.options, statement)).await;
        self.end(done).await
    }

    pub(crate) async fn execute(mut self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.show(&statement);
        let (limit, readers) = (self.readers.statement_timeout, Arc::clone(&self.readers));
        let done = timeout(limit, self.reader().execute(&readers.options, statement)).await;
        self.end(done).await
    }

    pub(crate) async fn execute_unprepared(mut self, sql: &str) -> Result<ExecResult, DbErr> {
        let (limit, readers) = (self.readers.statement_timeout, Arc::clone(&self.readers));
        let done = timeout(limit, self.reader().execute_unprepared(&readers.options, sql)).await;
        self.end(done).await
    }

    fn reader(&mut self) -> &mut Reader {
        self.reader.get_or_insert_default()
    }

    /// Gives the connection back with what came of its statement.
    async fn end<T>(mut self, done: Result<Result<T, DbErr>, Elapsed>) -> Result<T, DbErr> {
        let done = done.map_err(|_| no_answer(self.readers.statement_timeout))?;
        if done.is_err() {
            self.reader().test().await;
        }
        self.state = State::Ended;
        done
    }

    /// Waits until a statement that was interrupted has ended.
    async fn recover(mut self) {
        let reader = self.reader();
        reader.test().await;
        reader.interrupt.reset();
        self.state = State::Ended;
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
        let Some(mut reader) = self.reader.take() else { return };
        match self.state {
            State::Ended => {}
            State::UnderWay if reader.connection.is_some() => {
                reader.interrupt.now();
                if let Ok(runtime) = Handle::try_current() {
                    let readers = Arc::clone(&self.readers);
                    let loan = Self { readers, reader: Some(reader), state: State::Interrupted };
                    runtime.spawn(loan.recover());
                    return;
                }
                reader = Reader::default();
            }
            // With an interrupt of its own: what is given up may still run, and has to stay interrupted.
            State::UnderWay | State::Interrupted => reader = Reader::default(),
        }
        self.readers.give_back(reader);
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;

    /// Takes longer than any test, unless it is interrupted.
    const LONG: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e15) SELECT count(*) FROM n";

    /// One connection to a new file, which is gone with the folder.
    async fn one() -> (tempfile::TempDir, Arc<Readers>) {
        let folder = tempfile::tempdir().unwrap();
        let file = SqliteConnectOptions::new().filename(folder.path().join("a.db")).create_if_missing(true);
        let options = DatabaseOptions { readers: 1, ..DatabaseOptions::default() };
        (folder, Arc::new(Readers::open(file, &options).await.unwrap()))
    }

    async fn rows(readers: &Arc<Readers>, sql: &str) -> Result<usize, DbErr> {
        let statement = Statement::from_string(DbBackend::Sqlite, sql);
        readers.borrow().await?.query(statement).await.map(|rows| rows.len())
    }

    #[tokio::test]
    async fn a_statement_that_fails_or_is_given_up_leaves_the_connection_to_the_next() {
        let (_folder, readers) = one().await;
        assert!(rows(&readers, "SELECT nothing").await.is_err());
        assert_eq!(rows(&readers, "SELECT 1 UNION SELECT 2").await.unwrap(), 2);
        let given_up = timeout(Duration::from_millis(50), rows(&readers, LONG)).await;
        assert!(given_up.is_err());
        assert_eq!(rows(&readers, "SELECT 1").await.unwrap(), 1);
        let one = readers.usage();
        assert_eq!((one.open, one.idle, one.most), (1, 1, 1));
    }

    #[test]
    fn a_runtime_that_ends_with_a_statement_under_way_leaves_the_connection_to_another() {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let first = runtime();
        let (_folder, readers) = first.block_on(one());
        let reading = Arc::clone(&readers);
        first.spawn(async move { rows(&reading, LONG).await });
        first.block_on(async { tokio::time::sleep(Duration::from_millis(50)).await });
        drop(first);
        assert_eq!(runtime().block_on(rows(&readers, "SELECT 1")).unwrap(), 1);
    }

    #[tokio::test]
    async fn closing_waits_for_the_call_that_has_a_connection_and_for_whoever_closes_already() {
        let (_folder, readers) = one().await;
        let loan = readers.borrow().await.unwrap();
        let (first, second) = (Arc::clone(&readers), Arc::clone(&readers));
        let first = tokio::spawn(async move { first.close().await });
        let second = tokio::spawn(async move { second.close().await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!first.is_finished() && !second.is_finished());
        drop(loan);
        first.await.unwrap().unwrap();
        second.await.unwrap().unwrap();
        assert!(matches!(rows(&readers, "SELECT 1").await, Err(DbErr::ConnectionAcquire(_))));
        let none = readers.usage();
        assert_eq!((none.open, none.idle), (0, 0));
    }
}
