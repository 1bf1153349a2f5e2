//! Removing what is over. Every replica may try; a job is claimed by one atomic write of its next due time, so it runs
//! once across all of them.

use std::sync::Arc;

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};

use super::surplus::Surplus;
use crate::model::jobs::Job;
use crate::model::lifetimes::Lifetimes;
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;

/// How often sessions are cleaned away.
const EVERY: Duration = Duration::minutes(1);
/// How many sessions or events are removed in one transaction.
const BATCH: u64 = 500;
/// How long an ended session is kept, for the investigation of incidents.
const KEPT: Duration = Duration::days(1);
/// How long a device's request is kept after it has expired, so that the device can hear of it.
const DEVICES_KEPT: Duration = Duration::minutes(10);

/// The use cases of housekeeping.
#[derive(Clone)]
pub struct Housekeeping {
    ports: Ports,
    lifetimes: Lifetimes,
    events: Option<Duration>,
    surplus: Option<Arc<Surplus>>,
    cleaners: Vec<Arc<dyn Cleaner>>,
}

/// Removes what has expired of something that this crate does not know.
#[async_trait]
pub trait Cleaner: Send + Sync {
    /// Removes what had expired at `now`, in bounded batches. Returns the number removed.
    async fn clean(&self, now: OffsetDateTime) -> Result<u64, StoreError>;
}

impl Housekeeping {
    /// Use cases over these ports. Security events stay for ever.
    pub fn new(ports: Ports, lifetimes: Lifetimes) -> Self {
        Self { ports, lifetimes, events: None, surplus: None, cleaners: Vec::new() }
    }

    /// The same, with the age at which security events are deleted.
    #[must_use]
    pub fn forgetting_events(self, age: Option<Duration>) -> Self {
        Self { events: age, ..self }
    }

    /// The same, ending the sessions that accounts have beyond `most` each. Logins keep to that bound themselves, so this
    /// looks at every account once: for sessions from before there was a bound, or from when it was higher.
    #[must_use]
    pub fn keeping_sessions(self, most: u64) -> Self {
        Self { surplus: Some(Arc::new(Surplus::new(self.ports.clone(), most))), ..self }
    }

    /// The same, with these cleaners as well.
    #[must_use]
    pub fn with_cleaners(self, cleaners: Vec<Arc<dyn Cleaner>>) -> Self {
        Self { cleaners, ..self }
    }

    /// Claims a job that is due, for the next `period`.
    pub async fn claim(&self, job: Job, period: Duration) -> Result<bool, StoreError> {
        let now = self.ports.clock.now();
        self.ports.store.autocommit().jobs().claim(job, now, now + period).await
    }

    /// Removes ended sessions and old events, old failed attempts, delivered mails, old feed entries, and what the cleaners
    /// remove, if that is due. Returns the number of sessions removed. A failing step holds up no other one.
    pub async fn clean(&self) -> Result<u64, StoreError> {
        if !self.claim(Job::CleanSessions, EVERY).await? {
            return Ok(0);
        }
        let now = self.ports.clock.now();
        let (ended, before) = (now - self.lifetimes.remembered(), now - KEPT);
        let store = || self.ports.store.autocommit();
        let removed = self.remove_sessions(before).await;
        let mut others = vec![
            store().revocations().forget(ended).await,
            store().attempts().forget(before).await,
            store().outbox().forget(before).await,
            store().devices().forget(now - DEVICES_KEPT).await,
            store().recoveries().forget(before).await,
            store().verifications().forget(before).await,
            store().factors().forget_offers(before).await,
            store().spent().forget(before).await,
            self.forget_events(now).await,
        ];
        if let Some(surplus) = &self.surplus {
            others.push(surplus.trim().await);
        }
        for cleaner in &self.cleaners {
            others.push(cleaner.clean(now).await);
        }
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
