//! Telling clients of logouts: several at once, each in a task of its own, so that a slow client holds up no other one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use keyward_domain::mail::slots::{Slot, Slots};
use keyward_domain::model::logouts::ClaimedLogout;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::oauth::logouts::{LogoutOutcome, Logouts};
use tokio::task::{Id, JoinSet};
use tokio::time::sleep;

use super::Jobs;
use crate::metrics::background::Worker;
use crate::metrics::counters::Metrics;

/// How long until deliveries under way are looked at again: those that have become slow make room.
const LOOK: Duration = Duration::from_secs(1);

type Ended = (ClaimedLogout, Result<LogoutOutcome, StoreError>);

/// The deliveries under way.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<Ended>,
    slots: Slots,
    taken: HashMap<Id, Slot>,
}

impl UnderWay {
    /// Begins with what is due, as far as there are slots.
    async fn fill(&mut self, logouts: &Logouts) -> Result<(), StoreError> {
        while let Some((claimed, slot)) = logouts.claim(&mut self.slots).await? {
            let logouts = logouts.clone();
            let task = self.tasks.spawn(async move {
                let outcome = logouts.deliver(&claimed).await;
                (claimed, outcome)
            });
            self.taken.insert(task.id(), slot);
        }
        Ok(())
    }

    /// Waits for the next delivery that ends; `None` if none is under way. `Some(None)` is one that panicked.
    async fn next(&mut self, logouts: &Logouts) -> Option<Option<Ended>> {
        let (id, done) = match self.tasks.join_next_with_id().await? {
            Ok((id, done)) => (id, Some(done)),
            Err(error) => (error.id(), None),
        };
        if let Some(slot) = self.taken.remove(&id) {
            logouts.give_back(&mut self.slots, slot);
        }
        Some(done)
    }
}

impl Jobs {
    pub(super) async fn tell_of_logouts(self: Arc<Self>, metrics: Option<Metrics>) {
        let (mut ticks, mut under_way) = (self.ticks(), UnderWay::default());
        loop {
            let mut counts = false;
            tokio::select! {
                _ = ticks.tick() => counts = true,
                () = self.wakes.logouts.notified() => {}
                Some(ended) = under_way.next(&self.logouts) => settled(ended, metrics.as_ref()),
                () = sleep(LOOK), if !under_way.tasks.is_empty() => {}
            }
            if let Err(error) = under_way.fill(&self.logouts).await {
                tracing::warn!(cause = ?error, "the logouts that wait could not be looked up");
            }
            if let Some(metrics) = metrics.as_ref().filter(|_| counts) {
                // What failed is tried again soon; that the database is away is said elsewhere.
                if let Ok(backlog) = self.logouts.backlog().await {
                    metrics.logouts(backlog);
                }
            }
            self.background.pulse(Worker::Logouts).beat();
        }
    }
}

/// Logs and counts what became of a delivery.
fn settled(ended: Option<Ended>, metrics: Option<&Metrics>) {
    let Some((claimed, outcome)) = ended else {
        tracing::error!("the delivery of a logout panicked; it is tried again");
        return;
    };
    let (client, attempt) = (claimed.client.as_str(), claimed.attempt);
    match &outcome {
        Ok(LogoutOutcome::Delivered) => tracing::info!(client, "told a client of a logout"),
        Ok(LogoutOutcome::Withdrawn) => tracing::info!(client, "a client is not told of logouts any more"),
        Ok(LogoutOutcome::Refused(code)) => {
            let code = code.as_deref().unwrap_or("none");
            tracing::warn!(client, code, "a client refused a logout; it is not sent again");
        }
        Ok(LogoutOutcome::Later(reason)) => {
            tracing::warn!(
                client,
                attempt,
                reason,
                "a client could not be told of a logout; it is tried again"
            );
        }
        Ok(LogoutOutcome::GivenUp(reason)) => {
            tracing::error!(client, attempt, reason, "a client was never told of a logout; it is given up");
        }
        Err(error) => {
            tracing::warn!(client, cause = ?error, "what became of a logout could not be recorded");
        }
    }
    if let (Some(metrics), Ok(outcome)) = (metrics, &outcome) {
        metrics.logout_delivered(outcome);
    }
}
