//! Ending a statement of SQLite that was given up: it would go on, and keep all other writes, or a connection that reads.
//!
//! SQLite asks a progress handler now and then whether to go on. The connection that writes is closed when its statement was
//! interrupted, for SQLite has rolled the transaction back by itself, and the driver still counts on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::pool::PoolOptions;
use sqlx::{Connection, Error as SqlxError, Sqlite, SqliteConnection};

/// How many steps of SQLite's machine pass between two questions.
const STEPS: i32 = 1_000;

/// Interrupts the statement that runs on one connection.
#[derive(Clone, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Ends the statement that runs. Only the connection's holder may call this.
    pub(crate) fn now(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Lets the next statement run. Only the connection's holder may call this.
    pub(crate) fn reset(&self) {
        self.0.store(false, Ordering::SeqCst);
    }

    /// Lets the statements of a new connection be interrupted.
    pub(crate) async fn arm(&self, connection: &mut SqliteConnection) -> Result<(), SqlxError> {
        self.reset();
        let interrupted = Arc::clone(&self.0);
        let mut handle = connection.lock_handle().await?;
        handle.set_progress_handler(STEPS, move || !interrupted.load(Ordering::SeqCst));
        Ok(())
    }

    /// The same pool, of the one connection that writes. Its statements can be interrupted. The connection is closed when its
    /// statement was interrupted, or when SQLite has rolled a transaction back by itself, as it does when the disk is full. The
    /// driver still counts on that transaction. What came next would run within a savepoint, which a rollback leaves open:
    /// acknowledged from then on and never committed.
    pub(crate) fn closing(&self, pool: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
        let (fresh, used) = (self.clone(), Arc::clone(&self.0));
        let pool = pool.after_connect(move |connection, _| {
            let interrupt = fresh.clone();
            Box::pin(async move { interrupt.arm(connection).await })
        });
        pool.after_release(move |connection, _| {
            let interrupted = Arc::clone(&used);
            Box::pin(async move {
                if connection.is_in_transaction() {
                    // One that was dropped: answered once its rollback is over.
                    connection.ping().await?;
                }
                Ok(!interrupted.load(Ordering::SeqCst) && !connection.is_in_transaction())
            })
        })
    }
}

/// Interrupts when dropped, unless that was called off.
pub(crate) struct InterruptOnDrop<'i>(pub(crate) Option<&'i Interrupt>);

impl Drop for InterruptOnDrop<'_> {
    fn drop(&mut self) {
        if let Some(interrupt) = self.0 {
            interrupt.now();
        }
    }
}
