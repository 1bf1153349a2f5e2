//! What the background workers are doing, and what is amiss with signing keys and deleted accounts: for readiness and metrics.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

/// The state of the background workers. Cheap to clone.
#[derive(Clone)]
pub struct Background(Arc<Parts>);

struct Parts {
    workers: [Pulse; 6],
    unopened: RwLock<Vec<String>>,
    failing_deletions: AtomicU64,
}

/// A background worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worker {
    /// Rotates the signing keys, and reads them.
    Keys,
    /// Deletes what has expired.
    Cleaning,
    /// Removes what belonged to deleted accounts.
    Deletion,
    /// Delivers mail.
    Mail,
    /// Tells clients of logouts.
    Logouts,
    /// Receives the notifications of other processes.
    Changes,
}

impl Worker {
    const ALL: [Self; 6] =
        [Self::Keys, Self::Cleaning, Self::Deletion, Self::Mail, Self::Logouts, Self::Changes];

    /// Its name, as logged and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Cleaning => "cleaning",
            Self::Deletion => "deletion",
            Self::Mail => "mail",
            Self::Logouts => "logouts",
            Self::Changes => "changes",
        }
    }
}

/// How one worker is doing.
pub struct Pulse {
    origin: Instant,
    /// Milliseconds from `origin` to its last sign of progress.
    beat: AtomicU64,
    restarts: AtomicU64,
    waits: AtomicBool,
}

impl Pulse {
    fn new() -> Self {
        let (beat, restarts, waits) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        Self { origin: Instant::now(), beat, restarts, waits }
    }

    /// The worker makes progress.
    pub(crate) fn beat(&self) {
        let now = self.origin.elapsed().as_millis();
        self.beat.store(u64::try_from(now).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Time since its last sign of progress.
    pub(crate) fn idle(&self) -> Duration {
        self.origin.elapsed().saturating_sub(Duration::from_millis(self.beat.load(Ordering::Relaxed)))
    }

    /// It runs.
    pub(crate) fn begin(&self) {
        self.beat();
        self.waits.store(false, Ordering::Relaxed);
    }

    /// It broke, and waits for its next start.
    pub(crate) fn broke(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        self.waits.store(true, Ordering::Relaxed);
    }
}

impl Background {
    /// No worker was started yet.
    pub(crate) fn new() -> Self {
        let workers = Worker::ALL.map(|_| Pulse::new());
        let (unopened, failing_deletions) = (RwLock::default(), AtomicU64::new(0));
        Self(Arc::new(Parts { workers, unopened, failing_deletions }))
    }

    /// How a worker is doing.
    pub(crate) fn pulse(&self, worker: Worker) -> &Pulse {
        &self.0.workers[worker as usize]
    }

    /// The workers that broke and were not started again yet.
    pub fn restarting(&self) -> Vec<&'static str> {
        let waits = |worker: &Worker| self.pulse(*worker).waits.load(Ordering::Relaxed);
        Worker::ALL.into_iter().filter(waits).map(Worker::as_str).collect()
    }

    /// How often each worker was started again.
    pub(crate) fn restarts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let count = |worker: Worker| self.pulse(worker).restarts.load(Ordering::Relaxed);
        Worker::ALL.into_iter().map(move |worker| (worker.as_str(), count(worker)))
    }

    /// The ids of the signing keys that the master secret does not open.
    pub fn unopened_keys(&self) -> Vec<String> {
        self.0.unopened.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The number of deleted accounts whose rows could not be removed at the last attempt.
    pub(crate) fn failing_deletions(&self) -> u64 {
        self.0.failing_deletions.load(Ordering::Relaxed)
    }

    /// Notes that number.
    pub(crate) fn note_failing_deletions(&self, accounts: u64) {
        self.0.failing_deletions.store(accounts, Ordering::Relaxed);
    }

    /// Notes the keys that the master secret does not open. Returns whether they are others than before.
    pub(crate) fn note_unopened(&self, kids: Vec<String>) -> bool {
        let mut noted = self.0.unopened.write().unwrap_or_else(PoisonError::into_inner);
        let changed = *noted != kids;
        *noted = kids;
        changed
    }
}
