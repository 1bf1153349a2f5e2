//! Delivering mail: several at once, each in a task of its own, so that a slow receiver holds up no other mail.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use keyward_domain::mail::delivery::{Delivered, Outbox};
use keyward_domain::mail::slots::{Slot, Slots};
use keyward_domain::model::outbox::{MailState, Outcome};
use keyward_domain::model::store_error::StoreError;
use tokio::task::{Id, JoinSet};
use tokio::time::sleep;

use super::Jobs;
use crate::metrics::background::Worker;
use crate::metrics::counters::Metrics;

/// How long until deliveries under way are looked at again: those that have become slow make room.
const LOOK: Duration = Duration::from_secs(1);

/// The deliveries under way.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<Result<Outcome, StoreError>>,
    slots: Slots,
    taken: HashMap<Id, Slot>,
}

impl UnderWay {
    /// Begins with what is due, as far as there are slots.
    async fn fill(&mut self, outbox: &Outbox) -> Result<(), StoreError> {
        while let Some((mail, slot)) = outbox.claim(&mut self.slots).await? {
            let outbox = outbox.clone();
            let task = self.tasks.spawn(async move { outbox.deliver(mail).await });
            self.taken.insert(task.id(), slot);
        }
        Ok(())
    }

    /// Waits for the next delivery that ends; `None` if none is under way. `Some(None)` is one that panicked.
    async fn next(&mut self, outbox: &Outbox) -> Option<Option<Result<Outcome, StoreError>>> {
        let (id, done) = match self.tasks.join_next_with_id().await? {
            Ok((id, done)) => (id, Some(done)),
            Err(error) => (error.id(), None),
        };
        if let Some(slot) = self.taken.remove(&id) {
            outbox.give_back(&mut self.slots, slot);
        }
        Some(done)
    }
}

impl Jobs {
    pub(super) async fn deliver(self: Arc<Self>, metrics: Option<Metrics>) {
        let (mut ticks, mut under_way) = (self.ticks(), UnderWay::default());
        loop {
            let mut counts = false;
            tokio::select! {
                _ = ticks.tick() => counts = true,
                () = self.wakes.mail.notified() => {}
                Some(ended) = under_way.next(&self.outbox) => settled(ended, metrics.as_ref()),
                // A delivery that becomes slow makes room for others.
                () = sleep(LOOK), if !under_way.tasks.is_empty() => {}
            }
            if let Err(error) = under_way.fill(&self.outbox).await {
                tracing::warn!(cause = ?error, "the outbox could not be looked up");
            }
            if let Some(metrics) = metrics.as_ref().filter(|_| counts || under_way.tasks.is_empty()) {
                self.count(metrics).await;
            }
            self.background.pulse(Worker::Mail).beat();
        }
    }

    async fn count(&self, metrics: &Metrics) {
        let waiting = self.outbox.count(MailState::Waiting).await;
        let dead = self.outbox.count(MailState::Dead).await;
        // What failed is tried again soon; that the database is away is said elsewhere.
        if let (Ok(waiting), Ok(dead)) = (waiting, dead) {
            metrics.outbox(waiting, dead);
        }
    }
}

/// Logs and counts what became of a delivery.
fn settled(ended: Option<Result<Outcome, StoreError>>, metrics: Option<&Metrics>) {
    match &ended {
        Some(Ok(Outcome::Sent(_))) => tracing::info!("delivered a mail"),
        Some(Ok(Outcome::Later(..) | Outcome::Dead(..))) => {
            tracing::warn!("a mail was not taken: `keyward outbox list` says why");
        }
        Some(Err(error)) => tracing::warn!(cause = ?error, "what became of a mail could not be recorded"),
        None => tracing::error!("the delivery of a mail panicked; it is tried again"),
    }
    if let (Some(metrics), Some(Ok(outcome))) = (metrics, &ended) {
        let mut delivered = Delivered::default();
        delivered.add(outcome);
        metrics.delivered(&delivered);
    }
}
