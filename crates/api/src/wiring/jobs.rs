//! Work in the background: picking up keys that were rotated elsewhere, rotating them in time, delivering mail, telling
//! clients of logouts, cleaning up, removing what belonged to deleted accounts, receiving the notifications of other processes. Each is a task of its own, watched: see [`watched`].
//!
//! Every replica runs all of it; what must happen once is claimed in the database.

mod cleaning;
mod deliveries;
pub(crate) mod key_rotation;
mod keys;
mod logouts;
mod watched;

use std::sync::Arc;
use std::time::Duration;

use keyward_domain::mail::delivery::Outbox;
use keyward_domain::oauth::logouts::Logouts;
use keyward_domain::upkeep::cleaning::Housekeeping;
use keyward_domain::upkeep::deleted_accounts::DeletedAccounts;
use keyward_infra::database::store::Database;

use self::key_rotation::KeyRotation;
use self::watched::{Pauses, watch};
use super::notifications::{Wakes, listen};
use crate::metrics::background::{Background, Worker};
use crate::metrics::counters::Metrics;

/// A worker whose last sign of progress is older has stalled: any call of the database ends well before.
const STALLED: Duration = Duration::from_mins(3);
/// The same for cleaning and deletion, which may have much to delete.
const CLEANING_STALLED: Duration = Duration::from_mins(30);

/// What is looked after.
pub(crate) struct Jobs {
    /// Cleaning, and claiming what must happen once.
    pub(crate) housekeeping: Housekeeping,
    /// Removing what belongs to deleted accounts.
    pub(crate) deleted_accounts: DeletedAccounts,
    /// The keys in use.
    pub(crate) keys: KeyRotation,
    /// Mails on their way.
    pub(crate) outbox: Outbox,
    /// Logouts on their way to clients.
    pub(crate) logouts: Logouts,
    /// Notified when a mail was put into the outbox here, and when keys changed.
    pub(crate) wakes: Arc<Wakes>,
    /// How often to look without being told: within this time a replica notices what was done to the keys elsewhere.
    pub(crate) every: Duration,
    pub(crate) background: Background,
}

impl Jobs {
    /// Works until dropped. What fails is logged and tried again; what breaks is started again. What becomes of mails is
    /// counted in `metrics`, where given.
    pub(crate) async fn run(self: Arc<Self>, database: Database, metrics: Option<Metrics>) {
        let background = || self.background.clone();
        let pauses = Pauses::default();
        let stalled = Some(STALLED.max(self.every * 4));
        let keys = || Arc::clone(&self).keep_keys();
        let patient = Some(CLEANING_STALLED.max(self.every * 4));
        let cleaning = || Arc::clone(&self).clean();
        let deletion = || Arc::clone(&self).remove_deleted();
        let mail = || Arc::clone(&self).deliver(metrics.clone());
        let logouts = || Arc::clone(&self).tell_of_logouts(metrics.clone());
        let changes = || listen(database.clone());
        tokio::join!(
            watch(Worker::Keys, background(), stalled, pauses, keys),
            watch(Worker::Cleaning, background(), patient, pauses, cleaning),
            watch(Worker::Deletion, background(), patient, pauses, deletion),
            watch(Worker::Mail, background(), stalled, pauses, mail),
            watch(Worker::Logouts, background(), stalled, pauses, logouts),
            watch(Worker::Changes, background(), None, pauses, changes),
        );
    }

    fn ticks(&self) -> tokio::time::Interval {
        let mut ticks = tokio::time::interval(self.every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        ticks
    }
}
