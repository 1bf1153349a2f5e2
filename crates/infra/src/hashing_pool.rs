//! The hashing pool: as many threads as cores, a bounded queue, and a clear "busy" beyond it.
//!
//! Argon2 takes tens of milliseconds and megabytes on purpose. On the threads that serve requests it would
//! stop them; on an unbounded pool a storm of logins would take all memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use async_trait::async_trait;
use keyward_auth::{Password, PasswordError, PasswordHash, PasswordHasher, Verdict};
use keyward_domain::ports::hashing::{Hashing, HashingError, HashingLoad, Verified};
use tokio::sync::oneshot;

/// How many jobs may wait for each thread: at 30 ms a job, some four seconds.
const WAITING_PER_THREAD: usize = 128;

type Job = Box<dyn FnOnce(&dyn PasswordHasher) + Send>;

/// A few threads that do nothing but hash.
pub struct HashingPool {
    jobs: SyncSender<Job>,
    threads: u64,
    gauge: Arc<Gauge>,
}

/// How busy the threads are.
#[derive(Default)]
struct Gauge {
    waiting: AtomicU64,
    busy: AtomicU64,
    rejected: AtomicU64,
}

impl HashingPool {
    /// Starts `threads` threads that share `hasher`; they end with the pool.
    ///
    /// # Errors
    /// When the system starts no more threads.
    pub fn start(hasher: Arc<dyn PasswordHasher>, threads: usize) -> std::io::Result<Self> {
        let (jobs, queue) = sync_channel::<Job>(threads * WAITING_PER_THREAD);
        let (queue, gauge) = (Arc::new(Mutex::new(queue)), Arc::<Gauge>::default());
        for number in 0..threads {
            let (queue, hasher, gauge) = (Arc::clone(&queue), Arc::clone(&hasher), Arc::clone(&gauge));
            let name = format!("hashing-{number}");
            thread::Builder::new().name(name).spawn(move || work(&queue, &*hasher, &gauge))?;
        }
        Ok(Self { jobs, threads: threads.try_into().unwrap_or(u64::MAX), gauge })
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&dyn PasswordHasher) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, HashingError> {
        let (answer, waiting) = oneshot::channel();
        let job: Job = Box::new(move |hasher| {
            // A caller that hung up meanwhile costs nothing more.
            if !answer.is_closed() {
                drop(answer.send(job(hasher)));
            }
        });
        // Counted before it is sent, since a thread may take it at once.
        self.gauge.waiting.fetch_add(1, Ordering::Relaxed);
        self.jobs.try_send(job).map_err(|error| {
            self.gauge.waiting.fetch_sub(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(_) => {
                    self.gauge.rejected.fetch_add(1, Ordering::Relaxed);
                    HashingError::Busy
                }
                TrySendError::Disconnected(_) => {
                    HashingError::Failed("the hashing threads have ended".into())
                }
            }
        })?;
        let result = waiting.await.map_err(|error| HashingError::Failed(error.into()))?;
        result.map_err(|error| HashingError::Failed(error.into()))
    }
}

fn work(queue: &Mutex<Receiver<Job>>, hasher: &dyn PasswordHasher, gauge: &Gauge) {
    step_back();
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        gauge.waiting.fetch_sub(1, Ordering::Relaxed);
        gauge.busy.fetch_add(1, Ordering::Relaxed);
        // A panic costs its own request an error, not everybody the thread.
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(hasher))).is_err() {
            tracing::error!("a hashing job panicked");
        }
        gauge.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Lets the threads that serve requests go first where cores are short. On Linux the niceness is each
/// thread's own. At 10, a request usually gets a core at once, and hashing keeps a tenth of a core that is otherwise busy.
fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(10) {
        tracing::warn!(cause = %error, "hashing goes before reading");
    }
}

#[async_trait]
impl Hashing for HashingPool {
    async fn hash(&self, password: Arc<Password>) -> Result<PasswordHash, HashingError> {
        self.run(move |hasher| hasher.hash(&password)).await
    }

    async fn verify(
        &self,
        password: Arc<Password>,
        stored: Option<PasswordHash>,
    ) -> Result<Verified, HashingError> {
        self.run(move |hasher| {
            let Some(stored) = stored else {
                hasher.verify_absent(&password);
                return Ok(Verified::Mismatch);
            };
            Ok(match hasher.verify(&password, &stored)? {
                Verdict::Mismatch => Verified::Mismatch,
                Verdict::Match { needs_rehash: false } => Verified::Match,
                Verdict::Match { needs_rehash: true } => Verified::Upgraded(hasher.hash(&password)?),
            })
        })
        .await
    }

    fn load(&self) -> HashingLoad {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let Gauge { waiting, busy, rejected } = &*self.gauge;
        let threads = self.threads;
        HashingLoad { threads, busy: read(busy), waiting: read(waiting), rejected: read(rejected) }
    }
}
