//! One batch of refreshes: how it is put together, spent and answered.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use keyward_domain::model::sessions::{Spend, Spent};
use keyward_domain::model::store_error::StoreError;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::error::may_succeed_alone;

/// The most tokens of one transaction.
pub(super) const BATCH: usize = 256;
/// The most tokens that are spent by themselves at the same time, after their batch has failed.
const ALONE: usize = 4;

/// A transaction under way.
pub(super) type Committing = Pin<Box<dyn Future<Output = Result<Vec<Spent>, StoreError>> + Send>>;

/// Spends tokens of different sessions in one transaction.
pub(super) type Commit = dyn Fn(Vec<Spend>) -> Committing + Send + Sync;

/// A token, and the caller that waits for its answer.
pub(super) struct Waiting {
    pub(super) token: Spend,
    pub(super) arrived: Instant,
    pub(super) answer: oneshot::Sender<Spent>,
}

/// A token of a batch, and further callers with tokens of the same session.
struct Member {
    first: Waiting,
    others: Vec<Waiting>,
}

/// Tokens of different sessions, which are spent together.
pub(super) struct Batch(Vec<Member>);

impl Batch {
    /// Takes the next batch, of at most one token of a session.
    pub(super) fn take(waiting: &mut VecDeque<Waiting>) -> Self {
        let mut batch: Vec<Member> = Vec::new();
        let mut places = HashMap::new();
        while batch.len() < BATCH
            && let Some(next) = waiting.pop_front()
        {
            if next.answer.is_closed() {
                continue;
            }
            let session = next.token.session;
            if let Some(place) = places.get(&session) {
                let member: &mut Member = &mut batch[*place];
                member.others.push(next);
            } else {
                places.insert(session, batch.len());
                batch.push(Member { first: next, others: Vec::new() });
            }
        }
        Self(batch)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Spends the tokens, and answers.
    pub(super) async fn settle(self, commit: &Arc<Commit>) {
        let Self(batch) = self;
        let tokens: Vec<Spend> = batch.iter().map(|member| member.first.now()).collect();
        match commit(tokens).await {
            Ok(outcomes) => {
                batch.into_iter().zip(outcomes).for_each(|(member, outcome)| member.answer(outcome));
            }
            Err(error) if batch.len() > 1 && may_succeed_alone(&error) => {
                tracing::debug!(%error, "refreshes are repeated one by one");
                one_by_one(batch, commit).await;
            }
            Err(error) => {
                let outcomes = shared(error, batch.len());
                batch.into_iter().zip(outcomes).for_each(|(member, outcome)| member.answer(outcome));
            }
        }
    }
}

/// Spends each token in a transaction of its own, a few at a time, and answers each caller at once.
async fn one_by_one(batch: Vec<Member>, commit: &Arc<Commit>) {
    let mut tasks = JoinSet::new();
    for member in batch {
        if tasks.len() >= ALONE {
            tasks.join_next().await;
        }
        let commit = Arc::clone(commit);
        tasks.spawn(async move {
            let outcome = commit(vec![member.first.now()]).await;
            member.answer(outcome.and_then(|mut one| one.pop().unwrap_or(Ok(None))));
        });
    }
    while tasks.join_next().await.is_some() {}
}

impl Member {
    fn answer(self, outcome: Spent) {
        let outcomes = match outcome {
            Ok(outcome) => {
                let others = self.others.iter().map(|_| Ok(None));
                [Ok(outcome)].into_iter().chain(others).collect()
            }
            Err(error) => shared(error, self.others.len() + 1),
        };
        for (waiting, outcome) in [self.first].into_iter().chain(self.others).zip(outcomes) {
            // Without a receiver the caller no longer waits.
            drop(waiting.answer.send(outcome));
        }
    }
}

impl Waiting {
    /// The token, to be spent now: the grace of those that come too late begins when it is spent, and not when its caller
    /// arrived.
    fn now(&self) -> Spend {
        Spend { now: self.token.now + self.arrived.elapsed(), ..self.token.clone() }
    }
}

/// The same failure for every caller.
fn shared(error: StoreError, callers: usize) -> Vec<Spent> {
    let contended = matches!(error, StoreError::Contended(_));
    let internal = !contended && !matches!(error, StoreError::Unavailable(_));
    let error = Arc::new(error);
    let one = |_| {
        let cause = Box::new(Arc::clone(&error));
        Err(match () {
            () if contended => StoreError::Contended(cause),
            () if internal => StoreError::Internal(cause),
            () => StoreError::Unavailable(cause),
        })
    };
    (0..callers).map(one).collect()
}
