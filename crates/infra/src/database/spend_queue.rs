//! Refreshes that arrive together commit together. A refresh never waits for others to arrive: while one transaction commits,
//! those that come in form the next one.
//!
//! Each caller is answered after its transaction has committed. Where a transaction fails because of one of its tokens, each
//! is spent by itself, so that the others succeed. Of several tokens of one session in a batch the first is spent; the others
//! are answered as if their session were not as it has to be, and their callers look it up.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use keyward_domain::model::sessions::{Spend, Spent};
use keyward_domain::model::store_error::StoreError;
use tokio::sync::oneshot;

use super::spend_batch::{Batch, Commit, Committing, Waiting};

/// The most tokens that wait; further ones are refused.
const WAITING: usize = 4096;

/// Tokens that wait for a transaction.
pub(crate) struct SpendQueue {
    commit: Arc<Commit>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// Whether a task takes from `waiting`. There is at most one, because two would make batches smaller.
    working: bool,
}

impl SpendQueue {
    /// A queue whose batches `commit` spends, one at a time.
    pub(crate) fn new(commit: impl Fn(Vec<Spend>) -> Committing + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { commit: Arc::new(commit), state: Mutex::default() })
    }

    /// Spends a token, together with others that are waiting. Must be called within a Tokio runtime.
    ///
    /// A caller that no longer waits may have its token spent, if it was taken from the queue before.
    pub(crate) async fn spend(self: &Arc<Self>, token: Spend) -> Spent {
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.state();
            if state.waiting.len() >= WAITING {
                state.waiting.retain(|waiting| !waiting.answer.is_closed());
            }
            if state.waiting.len() >= WAITING {
                return Err(StoreError::Unavailable("too many refreshes are waiting".into()));
            }
            state.waiting.push_back(Waiting { token, arrived: Instant::now(), answer });
            if !state.working {
                state.working = true;
                let worker = Worker { queue: Arc::clone(self), ended: false };
                tokio::spawn(worker.run());
            }
        }
        answered.await.unwrap_or_else(|_| Err(StoreError::Unavailable("a batch was given up".into())))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that empties the queue, and ends when it is empty.
struct Worker {
    queue: Arc<SpendQueue>,
    ended: bool,
}

impl Worker {
    async fn run(mut self) {
        // Lets other tasks run first: refreshes that have already arrived join the first batch. Not before the next one: the
        // database would wait while the callers of this one are answered.
        tokio::task::yield_now().await;
        loop {
            let batch = {
                let mut state = self.queue.state();
                let batch = Batch::take(&mut state.waiting);
                if batch.is_empty() {
                    // Under the lock under which the queue was found empty: the next caller starts the next task.
                    state.working = false;
                    self.ended = true;
                    return;
                }
                batch
            };
            batch.settle(&self.queue.commit).await;
        }
    }
}

impl Drop for Worker {
    /// After a panic, or when the runtime ends: callers in the queue get an error.
    fn drop(&mut self) {
        if !self.ended {
            let mut state = self.queue.state();
            state.working = false;
            state.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use keyward_domain::values::ids::SessionId;
    use time::OffsetDateTime;
    use tokio::sync::Semaphore;
    use tokio::task::JoinSet;
    use uuid::Uuid;

    use super::super::spend_batch::BATCH;
    use super::*;

    fn token(session: u128) -> Spend {
        let now = OffsetDateTime::UNIX_EPOCH;
        Spend {
            session: SessionId(Uuid::from_u128(session)),
            counter: 0,
            salt: [0; 16],
            now,
            seen_after: now,
            created_after: now,
        }
    }

    /// A queue whose batches wait for a permit each, and the sessions of every batch.
    fn gated(outcome: fn(usize) -> Result<(), StoreError>) -> (Arc<SpendQueue>, Arc<Semaphore>, Batches) {
        let (gate, batches) = (Arc::new(Semaphore::new(0)), Batches::default());
        let (opening, seen) = (Arc::clone(&gate), Arc::clone(&batches));
        let queue = SpendQueue::new(move |tokens| {
            let (gate, seen) = (Arc::clone(&opening), Arc::clone(&seen));
            Box::pin(async move {
                seen.lock().unwrap().push(tokens.iter().map(|token| token.session.0.as_u128()).collect());
                gate.acquire().await.unwrap().forget();
                outcome(tokens.len())?;
                Ok(tokens.iter().map(|_| Ok(None)).collect())
            })
        });
        (queue, gate, batches)
    }

    type Batches = Arc<Mutex<Vec<Vec<u128>>>>;

    /// Callers that wait in the queue once this has returned.
    async fn callers(queue: &Arc<SpendQueue>, sessions: impl IntoIterator<Item = u128>) -> JoinSet<Spent> {
        let (mut set, begun) = (JoinSet::new(), Arc::new(AtomicUsize::new(0)));
        for session in sessions {
            let (queue, begun) = (Arc::clone(queue), Arc::clone(&begun));
            set.spawn(async move {
                begun.fetch_add(1, Ordering::Relaxed);
                queue.spend(token(session)).await
            });
        }
        while begun.load(Ordering::Relaxed) < set.len() {
            tokio::task::yield_now().await;
        }
        // On one thread, where a task that was ready runs before this one again.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        set
    }

    #[tokio::test]
    async fn what_arrives_while_a_batch_commits_is_the_next_one() {
        let (queue, gate, batches) = gated(|_| Ok(()));
        let mut first = callers(&queue, [1]).await;
        let mut later = callers(&queue, [2, 3, 2, 4]).await;
        let beyond = callers(&queue, 10..10 + BATCH as u128).await;
        gate.add_permits(3);
        assert!(first.join_next().await.unwrap().unwrap().is_ok());
        while let Some(answer) = later.join_next().await {
            assert!(answer.unwrap().is_ok());
        }
        assert!(beyond.join_all().await.iter().all(Result::is_ok));
        // The task looks once more before it ends.
        while queue.state().working {
            tokio::task::yield_now().await;
        }
        let batches = batches.lock().unwrap();
        assert_eq!(batches[0], [1]);
        assert_eq!(batches[1][..3], [2, 3, 4], "each session once");
        assert_eq!((batches[1].len(), batches[2].len(), batches.len()), (BATCH, 3, 3));
    }

    #[tokio::test]
    async fn a_token_that_waited_is_spent_at_the_time_of_its_batch() {
        let (gate, times) = (Arc::new(Semaphore::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (opening, seen) = (Arc::clone(&gate), Arc::clone(&times));
        let queue = SpendQueue::new(move |tokens| {
            let (gate, seen) = (Arc::clone(&opening), Arc::clone(&seen));
            Box::pin(async move {
                seen.lock().unwrap().extend(tokens.iter().map(|token| token.now));
                gate.acquire().await.unwrap().forget();
                Ok(tokens.iter().map(|_| Ok(None)).collect())
            })
        });
        let first = callers(&queue, [1]).await;
        let later = callers(&queue, [2]).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        gate.add_permits(2);
        first.join_all().await;
        later.join_all().await;
        let waited: Vec<_> = times.lock().unwrap().iter().map(|time| *time - token(1).now).collect();
        assert!(waited[0] < time::Duration::milliseconds(300), "{waited:?}");
        assert!(waited[1] >= time::Duration::milliseconds(300), "{waited:?}");
    }

    #[tokio::test]
    async fn one_session_takes_one_place_however_many_tokens_of_it_there_are() {
        let (queue, gate, batches) = gated(|_| Ok(()));
        let first = callers(&queue, [1]).await;
        let mut set = JoinSet::new();
        for counter in 0..50 {
            let queue = Arc::clone(&queue);
            set.spawn(async move { queue.spend(Spend { counter, ..token(2) }).await });
        }
        let other = callers(&queue, [3]).await;
        gate.add_permits(2);
        assert!(set.join_all().await.iter().all(|outcome| matches!(outcome, Ok(None))));
        first.join_all().await;
        other.join_all().await;
        assert_eq!(*batches.lock().unwrap(), [vec![1], vec![2, 3]]);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let (queue, gate, _) = gated(|_| Ok(()));
        let first = callers(&queue, [0]).await;
        let waiting = callers(&queue, 1..=WAITING as u128).await;
        let refused = tokio::time::timeout(Duration::from_secs(5), queue.spend(token(u128::MAX))).await;
        assert!(matches!(refused.unwrap(), Err(StoreError::Unavailable(_))));
        drop(waiting);
        tokio::task::yield_now().await;
        let place = callers(&queue, [1]).await;
        gate.add_permits(WAITING);
        assert!(place.join_all().await[0].is_ok(), "callers that are gone take no place");
        assert!(first.join_all().await[0].is_ok());
    }

    #[tokio::test]
    async fn a_batch_that_fails_is_repeated_one_by_one_unless_the_store_is_away() {
        let (queue, gate, batches) = gated(|tokens| if tokens > 1 { Err(StoreError::Taken) } else { Ok(()) });
        let mut all = callers(&queue, [1]).await;
        let more = callers(&queue, [2, 3]).await;
        gate.add_permits(9);
        assert!(all.join_next().await.unwrap().unwrap().is_ok());
        assert!(more.join_all().await.iter().all(Result::is_ok));
        assert_eq!(batches.lock().unwrap().iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 1, 1]);

        let away: fn(usize) -> Result<(), StoreError> = |_| Err(StoreError::Unavailable("away".into()));
        for failing in [away, |_| Err(StoreError::Internal("a fault of ours".into()))] {
            let (queue, gate, batches) = gated(failing);
            let first = callers(&queue, [1]).await;
            let more = callers(&queue, [2, 3]).await;
            gate.add_permits(9);
            assert!(first.join_all().await.iter().chain(&more.join_all().await).all(Result::is_err));
            assert_eq!(batches.lock().unwrap().len(), 2);
        }
    }

    #[tokio::test]
    async fn the_token_of_a_caller_that_is_gone_is_not_spent() {
        let (queue, gate, batches) = gated(|_| Ok(()));
        let first = callers(&queue, [1]).await;
        let mut gone = callers(&queue, [2]).await;
        let stays = callers(&queue, [3]).await;
        gone.shutdown().await;
        gate.add_permits(9);
        first.join_all().await;
        stays.join_all().await;
        assert_eq!(*batches.lock().unwrap(), [[1], [3]]);
    }

    #[tokio::test]
    async fn a_batch_that_panics_leaves_no_caller_waiting_and_the_next_one_is_served() {
        let queue = SpendQueue::new(|tokens| {
            Box::pin(async move {
                assert!(tokens[0].session.0.as_u128() != 1, "as a fault of ours would");
                Ok(tokens.iter().map(|_| Ok(None)).collect())
            })
        });
        assert!(matches!(queue.spend(token(1)).await, Err(StoreError::Unavailable(_))));
        assert!(queue.spend(token(2)).await.is_ok());
    }
}
