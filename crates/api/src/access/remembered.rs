//! What the database said of a user, remembered for a while, and never beyond a change that this process
//! knows of.
//!
//! For that every user has an epoch (`epochs.rs`): an answer holds only while the epoch read *before* asking
//! is still the user's. Of many who ask for the same at once, one asks the database.

use std::convert::Infallible;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use keyward_domain::values::ids::UserId;
use quick_cache::sync::Cache;

use super::cache_use::CacheUse;
use super::epochs::Epochs;

/// Number of answers that are remembered.
const REMEMBERED: usize = 100_000;

/// An answer, and when the question was put. An error is here only until those who wait for it have it.
#[derive(Clone)]
struct Answer<R> {
    asked: Instant,
    epoch: u64,
    value: R,
}

/// Answers by what was asked for.
pub(crate) struct Remembered<K, V, E> {
    name: &'static str,
    bound: Duration,
    epochs: Arc<Epochs>,
    answers: Cache<K, Answer<Result<V, Arc<E>>>>,
    asked: AtomicU64,
    missed: AtomicU64,
}

impl<K, V, E> Remembered<K, V, E>
where
    K: Copy + Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Remembers answers for at most `bound` from the question on; `name` is what its metrics are called.
    pub(crate) fn new(name: &'static str, epochs: Arc<Epochs>, bound: Duration) -> Self {
        let answers = Cache::new(REMEMBERED);
        Self { name, bound, epochs, answers, asked: AtomicU64::new(0), missed: AtomicU64::new(0) }
    }

    /// The answer about `user` for `key`: the one remembered, or what `ask` says now. An error is not
    /// remembered.
    ///
    /// Asks at most twice, however often the user's epoch moves meanwhile, for other users share it. An answer to
    /// a question that was put after this call is as good as one that was never remembered.
    pub(crate) async fn get<F>(&self, key: K, user: UserId, ask: impl Fn() -> F) -> Result<V, Arc<E>>
    where
        F: Future<Output = Result<V, E>>,
    {
        self.get_while(key, user, |_| true, ask).await
    }

    /// The same, where what is remembered has to be so `still`.
    pub(crate) async fn get_while<F>(
        &self,
        key: K,
        user: UserId,
        still: impl Fn(&V) -> bool,
        ask: impl Fn() -> F,
    ) -> Result<V, Arc<E>>
    where
        F: Future<Output = Result<V, E>>,
    {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let called = Instant::now();
        if let Some(known) = self.answers.get(&key) {
            if self.holds(&known, user, called) && known.value.as_ref().is_ok_and(&still) {
                return known.value;
            }
            self.forget(&key, &known);
        }
        // Its future is large, and most requests do without it.
        Box::pin(self.ask_anew(key, user, called, ask)).await
    }

    /// The answer to a question that was called for at `called`.
    async fn ask_anew<F>(
        &self,
        key: K,
        user: UserId,
        called: Instant,
        ask: impl Fn() -> F,
    ) -> Result<V, Arc<E>>
    where
        F: Future<Output = Result<V, E>>,
    {
        let mut begun = called;
        let mut is_second = false;
        loop {
            let asking = async { Ok::<_, Infallible>(self.ask(user, &ask).await) };
            let Ok(answer) = self.answers.get_or_insert_async(&key, asking).await;
            // Another task may have asked, and long ago.
            let fresh = answer.asked >= begun || answer.asked.elapsed() < self.bound;
            let unchanged = answer.epoch == self.epochs.now(user) && fresh;
            if !unchanged || answer.value.is_err() {
                self.forget(&key, &answer);
            }
            if unchanged || (is_second && answer.asked >= called) {
                return answer.value;
            }
            begun = Instant::now();
            is_second = true;
        }
    }

    /// Whether an answer may still be given at `now`.
    fn holds(&self, answer: &Answer<Result<V, Arc<E>>>, user: UserId, now: Instant) -> bool {
        let young = now.saturating_duration_since(answer.asked) < self.bound;
        young && answer.epoch == self.epochs.now(user) && answer.value.is_ok()
    }

    /// Removes this answer, and not one that has taken its place.
    fn forget(&self, key: &K, answer: &Answer<Result<V, Arc<E>>>) {
        self.answers.remove_if(key, |kept| kept.asked == answer.asked && kept.epoch == answer.epoch);
    }

    async fn ask<F>(&self, user: UserId, ask: &impl Fn() -> F) -> Answer<Result<V, Arc<E>>>
    where
        F: Future<Output = Result<V, E>>,
    {
        self.missed.fetch_add(1, Ordering::Relaxed);
        let (asked, epoch) = (Instant::now(), self.epochs.now(user));
        Answer { asked, epoch, value: ask().await.map_err(Arc::new) }
    }

    /// How much it is used.
    pub(crate) fn usage(&self) -> CacheUse {
        let (asked, misses) = (self.asked.load(Ordering::Relaxed), self.missed.load(Ordering::Relaxed));
        CacheUse {
            name: self.name,
            hits: asked.saturating_sub(misses),
            misses,
            entries: self.answers.len() as u64,
            capacity: REMEMBERED as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: UserId = UserId(7);

    fn remembered(bound: Duration) -> (Arc<Epochs>, Remembered<u8, u64, std::fmt::Error>) {
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
    async fn an_answer_that_is_so_no_longer_is_asked_for_once_and_the_new_one_is_kept() {
        let (_, remembered) = remembered(Duration::from_hours(1));
        let asked = AtomicU64::new(0);
        let ask = || async { Ok::<_, std::fmt::Error>(asked.fetch_add(1, Ordering::Relaxed)) };
        assert_eq!(remembered.get(0, USER, ask).await.unwrap(), 0);
        for _ in 0..3 {
            assert_eq!(remembered.get_while(0, USER, |known| *known > 0, ask).await.unwrap(), 1);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 2);
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

    #[tokio::test]
    async fn those_who_wait_share_an_error_and_those_who_come_later_ask_anew() {
        let (_, remembered) = remembered(Duration::from_hours(1));
        let asked = AtomicU64::new(0);
        let fails = || async {
            asked.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            Err(std::fmt::Error)
        };
        let get = || remembered.get(0, USER, fails);
        let (one, two, three) = tokio::join!(get(), get(), get());
        assert!(one.is_err() && two.is_err() && three.is_err());
        assert_eq!(asked.load(Ordering::Relaxed), 1, "one question for all three");
        assert_eq!(remembered.get(0, USER, || async { Ok(7) }).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_question_that_is_given_up_holds_up_no_other() {
        let (_, remembered) = remembered(Duration::from_hours(1));
        let never = remembered.get(0, USER, std::future::pending);
        let waits = remembered.get(0, USER, || async { Ok(7) });
        let late = async {
            let given_up = tokio::time::timeout(Duration::from_millis(20), never).await;
            assert!(given_up.is_err());
        };
        let ((), answer) = tokio::join!(late, waits);
        assert_eq!(answer.unwrap(), 7);
    }
}
