//! Removing what is over. Every replica may try; a job is claimed by one atomic write of its next due time, so it runs
//! once across all of them.

use time::{Duration, OffsetDateTime};

use crate::model::jobs::Job;
use crate::model::lifetimes::Lifetimes;
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;

/// How often sessions are cleaned away.
const EVERY: Duration = Duration::minutes(1);
/// How many sessions or events are removed in one transaction.
const BATCH: u64 = 500;
/// How long a session that is over stays, for whoever looks into an incident.
const KEPT: Duration = Duration::days(1);

/// The use cases of housekeeping.
#[derive(Clone)]
pub struct Housekeeping {
    ports: Ports,
    lifetimes: Lifetimes,
    events: Option<Duration>,
}

impl Housekeeping {
    /// Use cases over these ports. Security events stay for ever.
    pub fn new(ports: Ports, lifetimes: Lifetimes) -> Self {
        Self { ports, lifetimes, events: None }
    }

    /// The same, forgetting security events that are so old.
    #[must_use]
    pub fn forgetting_events(self, age: Option<Duration>) -> Self {
        Self { events: age, ..self }
    }

    /// Claims a job that is due, for the next `period`.
    pub async fn claim(&self, job: Job, period: Duration) -> Result<bool, StoreError> {
        let now = self.ports.clock.now();
        self.ports.store.autocommit().jobs().claim(job, now, now + period).await
    }

    /// Removes sessions that are over and old events, in bounded batches, old wrong guesses, mails long sent, and what the
    /// feed need not tell any more, if that is due; says how many sessions. What fails holds up nothing else.
    pub async fn clean(&self) -> Result<u64, StoreError> {
        if !self.claim(Job::CleanSessions, EVERY).await? {
            return Ok(0);
        }
        let now = self.ports.clock.now();
        let (ended, before) = (now - self.lifetimes.remembered(), now - KEPT);
        let store = || self.ports.store.autocommit();
        let removed = self.remove_sessions(before).await;
        let others = [
            store().revocations().forget(ended).await,
            store().attempts().forget(before).await,
            store().outbox().forget(before).await,
            store().recoveries().forget(before).await,
            store().verifications().forget(before).await,
            self.forget_events(now).await,
        ];
        others.into_iter().collect::<Result<Vec<_>, _>>().and(removed)
    }

    async fn remove_sessions(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let idle = before - self.lifetimes.idle;
        let mut removed = 0;
        loop {
            let batch = self.ports.store.autocommit().sessions().remove_over(before, idle, BATCH).await?;
            removed += batch;
            if batch < BATCH {
                return Ok(removed);
            }
        }
    }

    async fn forget_events(&self, now: OffsetDateTime) -> Result<u64, StoreError> {
        let Some(age) = self.events else { return Ok(0) };
        let mut forgotten = 0;
        loop {
            let batch = self.ports.store.autocommit().events().forget(now - age, BATCH).await?;
            forgotten += batch;
            if batch < BATCH {
                return Ok(forgotten);
            }
        }
    }
}
