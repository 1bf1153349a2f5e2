//! Ending a statement of SQLite that was given up: it would go on, and keep all other writes, or a connection that reads.
//!
//! SQLite asks a progress handler now and then whether to go on. The connection that writes is closed when its statement was
//! interrupted, for SQLite has rolled the transaction back by itself, and the driver still counts on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::pool::PoolOptions;
use sqlx::{Connection, Sqlite};

/// How many steps of SQLite's machine pass between two questions.
const STEPS: i32 = 1_000;

/// Interrupts the statement that runs on the one connection of a pool.
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

    /// The same pool, of one connection, whose statements can be interrupted.
    pub(crate) fn of(&self, pool: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
        let fresh = Arc::clone(&self.0);
        pool.after_connect(move |connection, _| {
            let interrupted = Arc::clone(&fresh);
            Box::pin(async move {
                // The connection before this one, the only one there was, is closed.
                interrupted.store(false, Ordering::SeqCst);
                let mut handle = connection.lock_handle().await?;
                handle.set_progress_handler(STEPS, move || !interrupted.load(Ordering::SeqCst));
                Ok(())
            })
        })
    }

    /// The same, for the connection that writes: it is closed when its statement was interrupted, or when SQLite has rolled a
    /// transaction back by itself, as it does when the disk is full. The driver still counts on that transaction. What
    /// came next would run within a savepoint, which a rollback leaves open: acknowledged from then on and never committed.
    pub(crate) fn closing(&self, pool: PoolOptions<Sqlite>) -> PoolOptions<Sqlite> {
        let used = Arc::clone(&self.0);
        self.of(pool).after_release(move |connection, _| {
            let interrupted = Arc::clone(&used);
            Box::pin(async move {
                // Answered once the rollback of a transaction that was dropped is over.
                connection.ping().await?;
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
