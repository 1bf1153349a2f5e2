//! What the database said of a user, remembered for a while, and never beyond a change that this process knows of.
//!
//! For that every user has an epoch (`session_check.rs`): an answer holds only while the epoch read *before* asking is still
//! the user's. Of many who ask for the same at once, one asks the database.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use keyward_domain::users::UserId;
use moka::future::Cache;

use crate::metrics::CacheUse;
use crate::session_check::Epochs;

/// How many answers are remembered.
const REMEMBERED: u64 = 100_000;

/// An answer, and the epoch in which the question was put.
#[derive(Clone)]
struct Answer<V> {
    epoch: u64,
    value: V,
}

/// Answers by what was asked for.
pub(crate) struct Remembered<K, V> {
    name: &'static str,
    epochs: Arc<Epochs>,
    answers: Cache<K, Answer<V>>,
    asked: AtomicU64,
    missed: AtomicU64,
}

impl<K, V> Remembered<K, V>
where
    K: Copy + Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Remembers answers for at most `bound`; `name` is what its metrics are called.
    pub(crate) fn new(name: &'static str, epochs: Arc<Epochs>, bound: Duration) -> Self {
        let answers = Cache::builder().max_capacity(REMEMBERED).time_to_live(bound).build();
        Self { name, epochs, answers, asked: AtomicU64::new(0), missed: AtomicU64::new(0) }
    }

    /// The answer about `user` for `key`: the one remembered, or what `ask` says now. An error is not remembered.
    pub(crate) async fn get<E, F>(&self, key: K, user: UserId, ask: impl Fn() -> F) -> Result<V, Arc<E>>
    where
        E: Send + Sync + 'static,
        F: Future<Output = Result<V, E>>,
    {
        self.asked.fetch_add(1, Ordering::Relaxed);
        loop {
            let known = self.answers.get(&key).await;
            let answer = match known {
                Some(answer) => answer,
                None => self.answers.try_get_with(key, self.ask(user, &ask)).await?,
            };
            if answer.epoch == self.epochs.now(user) {
                return Ok(answer.value);
            }
            self.answers.invalidate(&key).await;
        }
    }

    async fn ask<E, F>(&self, user: UserId, ask: &impl Fn() -> F) -> Result<Answer<V>, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        self.missed.fetch_add(1, Ordering::Relaxed);
        let epoch = self.epochs.now(user);
        Ok(Answer { epoch, value: ask().await? })
    }

    /// How much it is used.
    pub(crate) fn usage(&self) -> CacheUse {
        let (asked, misses) = (self.asked.load(Ordering::Relaxed), self.missed.load(Ordering::Relaxed));
        CacheUse {
            name: self.name,
            hits: asked.saturating_sub(misses),
            misses,
            entries: self.answers.entry_count(),
            capacity: REMEMBERED,
        }
    }
}
