//! Work in the background: picking up keys that were rotated elsewhere, rotating them in time, delivering
//! mail, cleaning up.
//!
//! Every replica runs it; what must happen once is claimed in the database.

use std::sync::Arc;
use std::time::Duration;

use keyward_auth::{Algorithm, SharedKeyRing};
use keyward_domain::keys::signing_keys::{Keys, KeysError};
use keyward_domain::mail::delivery::{Delivered, Outbox};
use keyward_domain::model::jobs::Job;
use keyward_domain::model::outbox::MailState;
use keyward_domain::upkeep::cleaning::Housekeeping;
use keyward_domain::upkeep::deleted_accounts::DeletedAccounts;

use super::notifications::Wakes;
use crate::metrics::counters::Metrics;

/// How often it is asked whether a key is old enough to be replaced.
const ROTATION_CHECK: time::Duration = time::Duration::minutes(1);

/// What is looked after.
pub(crate) struct Jobs {
    /// Cleaning, and claiming what must happen once.
    pub(crate) housekeeping: Housekeeping,
    /// Removing what belongs to deleted accounts.
    pub(crate) deleted_accounts: DeletedAccounts,
    /// The keys in use, unless they are a shared secret, which never changes.
    pub(crate) keys: Option<KeyRotation>,
    /// Mails on their way.
    pub(crate) outbox: Outbox,
    /// Notified when a mail was put into the outbox here, and when keys changed.
    pub(crate) wakes: Arc<Wakes>,
    /// How often to look without being told: within this time a replica notices what was done to the keys elsewhere.
    pub(crate) every: Duration,
}

/// Keeps the ring in memory in step with the keys in the store.
pub(crate) struct KeyRotation {
    /// The keys in the store.
    pub(crate) keys: Keys,
    pub(crate) algorithm: Algorithm,
    /// The ring in memory.
    pub(crate) ring: SharedKeyRing,
    /// After how long a key is replaced; `None` for never by itself.
    pub(crate) rotation: Option<time::Duration>,
    /// How long a new key is published before it signs.
    pub(crate) delay: time::Duration,
}

impl Jobs {
    /// Works until dropped. What fails is logged and tried again. What becomes of mails is counted in
    /// `metrics`, where given.
    pub(crate) async fn run(&self, metrics: Option<&Metrics>) {
        // Side by side: neither a slow mail server nor much to clean away must hold up the keys.
        tokio::join!(self.keep_keys(), self.clean(), self.remove_deleted(), self.deliver(metrics));
    }

    async fn deliver(&self, metrics: Option<&Metrics>) {
        let mut ticks = self.ticks();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.wakes.mail.notified() => {}
            }
            let delivered = self.outbox.deliver_due().await;
            if let Some(metrics) = metrics {
                metrics.delivered(&delivered.as_ref().copied().unwrap_or_default());
                self.count(metrics).await;
            }
            match delivered {
                Ok(Delivered { sent: 0, later: 0, dead: 0 }) => {}
                Ok(Delivered { sent, later: 0, dead: 0 }) => tracing::info!(sent, "delivered mail"),
                Ok(Delivered { sent, later, dead }) => {
                    tracing::warn!(
                        sent,
                        later,
                        dead,
                        "not all mail was taken: `keyward outbox list` says why"
                    );
                }
                Err(error) => tracing::warn!(cause = ?error, "the outbox could not be looked up"),
            }
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

    fn ticks(&self) -> tokio::time::Interval {
        let mut ticks = tokio::time::interval(self.every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        ticks
    }

    async fn clean(&self) {
        let mut ticks = self.ticks();
        loop {
            ticks.tick().await;
            match self.housekeeping.clean().await {
                Ok(0) => {}
                Ok(removed) => tracing::info!(removed, "cleaned away sessions that are over"),
                Err(error) => {
                    tracing::warn!(cause = ?error, "not everything that is over could be cleaned away");
                }
            }
        }
    }

    async fn remove_deleted(&self) {
        let mut ticks = self.ticks();
        loop {
            ticks.tick().await;
            match self.deleted_accounts.remove().await {
                Ok(0) => {}
                Ok(accounts) => tracing::info!(accounts, "removed what belonged to deleted accounts"),
                Err(error) => {
                    tracing::warn!(cause = ?error, "not everything of deleted accounts could be removed");
                }
            }
        }
    }

    async fn keep_keys(&self) {
        let Some(keeper) = &self.keys else { return };
        let mut ticks = self.ticks();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.wakes.keys.notified() => {}
            }
            if let Err(error) = keeper.rotate(&self.housekeeping).await {
                tracing::warn!(cause = ?error, "whether to replace the signing key could not be looked up");
            }
            match keeper.keys.ring(keeper.algorithm).await {
                Ok(ring) => keeper.ring.replace(ring),
                Err(error) => tracing::warn!(cause = ?error, "the signing keys could not be looked up"),
            }
        }
    }
}

impl KeyRotation {
    async fn rotate(&self, housekeeping: &Housekeeping) -> Result<(), KeysError> {
        if let Some(age) = self.rotation
            && housekeeping.claim(Job::RotateKeys, ROTATION_CHECK).await?
            && let Some(kid) = self.keys.rotate_if_older(self.algorithm, age, self.delay).await?
        {
            tracing::info!(kid, "published a new signing key");
        }
        Ok(())
    }
}
