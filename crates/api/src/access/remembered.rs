//! What the database said of a user, remembered for a while, and never beyond a change that this process
//! knows of.
//!
//! For that every user has an epoch (`epochs.rs`): an answer holds only while the epoch read *before* asking
//! is still the user's. Of many who ask for the same at once, one asks the database.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use keyward_domain::values::ids::UserId;
use moka::future::Cache;

use super::cache_use::CacheUse;
use super::epochs::Epochs;

/// How many answers are remembered.
const REMEMBERED: u64 = 100_000;

/// An answer, and when the question was put.
#[derive(Clone)]
struct Answer<V> {
    asked: Instant,
    epoch: u64,
    value: V,
}

/// Answers by what was asked for.
pub(crate) struct Remembered<K, V> {
    name: &'static str,
    bound: Duration,
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
    /// Remembers answers for at most `bound` from the question on; `name` is what its metrics are called.
    pub(crate) fn new(name: &'static str, epochs: Arc<Epochs>, bound: Duration) -> Self {
        let answers = Cache::builder().max_capacity(REMEMBERED).time_to_live(bound).build();
        Self { name, bound, epochs, answers, asked: AtomicU64::new(0), missed: AtomicU64::new(0) }
    }

    /// The answer about `user` for `key`: the one remembered, or what `ask` says now. An error is not
    /// remembered.
    ///
    /// Asks at most twice, however often the user's epoch moves meanwhile, for other users share it. An answer to
    /// a question that was put after this call is as good as one that was never remembered.
    pub(crate) async fn get<E, F>(&self, key: K, user: UserId, ask: impl Fn() -> F) -> Result<V, Arc<E>>
    where
        E: Send + Sync + 'static,
        F: Future<Output = Result<V, E>>,
    {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let called = Instant::now();
        let mut round = 0_u32;
        loop {
            let begun = Instant::now();
            if let Some(known) = self.answers.get(&key).await {
                // The cache itself counts from the answer on, which may have been long in coming.
                if known.epoch == self.epochs.now(user) && known.asked.elapsed() < self.bound {
                    return Ok(known.value);
                }
                self.answers.invalidate(&key).await;
            }
            let answer = self.answers.try_get_with(key, self.ask(user, &ask)).await?;
            // Another task may have asked, and long ago.
            let fresh = answer.asked >= begun || answer.asked.elapsed() < self.bound;
            let unchanged = answer.epoch == self.epochs.now(user) && fresh;
            if unchanged || (round > 0 && answer.asked >= called) {
                return Ok(answer.value);
            }
            round += 1;
        }
    }

    async fn ask<E, F>(&self, user: UserId, ask: &impl Fn() -> F) -> Result<Answer<V>, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        self.missed.fetch_add(1, Ordering::Relaxed);
        let (asked, epoch) = (Instant::now(), self.epochs.now(user));
        Ok(Answer { asked, epoch, value: ask().await? })
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

#[cfg(test)]
mod tests {
    use super::*;

    const USER: UserId = UserId(7);

    fn remembered(bound: Duration) -> (Arc<Epochs>, Remembered<u8, u64>) {
        let epochs = Arc::new(Epochs::default());
        (Arc::clone(&epochs), Remembered::new("numbers", epochs, bound))
    }

    #[tokio::test]
    async fn an_answer_that_was_long_in_coming_is_as_old_as_its_question() {
        let bound = Duration::from_millis(500);
        let (_, remembered) = remembered(bound);
        let slow = || async {
            tokio::time::sleep(bound).await;
            Ok::<_, std::fmt::Error>(1)
        };
        assert_eq!(remembered.get(0, USER, slow).await.unwrap(), 1);
        assert_eq!(remembered.get(0, USER, || async { Ok::<_, std::fmt::Error>(2) }).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn however_fast_changes_come_at_most_two_questions_are_asked() {
        use keyward_domain::ports::announce::{Change, Subscriber};
        let (epochs, remembered) = remembered(Duration::from_hours(1));
        let asked = AtomicU64::new(0);
        // Another account that shares the epoch changes without end.
        let ask = || async {
            epochs.changed(Change::User(USER));
            Ok::<_, std::fmt::Error>(asked.fetch_add(1, Ordering::Relaxed))
        };
        let slowly = || async {
            tokio::task::yield_now().await;
            ask().await
        };
        let answer = tokio::time::timeout(Duration::from_secs(5), remembered.get(0, USER, slowly)).await;
        assert_eq!(answer.expect("an answer").unwrap(), 1);
        assert_eq!(
            remembered.get(0, USER, ask).await.unwrap(),
            3,
            "an answer from before a change is not kept"
        );
    }

    #[tokio::test]
    async fn an_answer_from_before_a_change_is_not_given() {
        use keyward_domain::ports::announce::{Change, Subscriber};
        let (epochs, remembered) = remembered(Duration::from_hours(1));
        let asked = AtomicU64::new(0);
        // A change while the first question is being answered.
        let ask = || async {
            let number = asked.fetch_add(1, Ordering::Relaxed);
            if number == 0 {
                epochs.changed(Change::User(USER));
            }
            Ok::<_, std::fmt::Error>(number)
        };
        assert_eq!(remembered.get(0, USER, ask).await.unwrap(), 1);
        assert_eq!(remembered.get(0, USER, ask).await.unwrap(), 1, "remembered");
        epochs.changed(Change::User(USER));
        assert_eq!(remembered.get(0, USER, ask).await.unwrap(), 2);
    }
}
