//! Deleting what has expired, and what belonged to deleted accounts.

use std::sync::Arc;

use super::Jobs;
use crate::metrics::background::Worker;

impl Jobs {
    pub(super) async fn clean(self: Arc<Self>) {
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
            self.background.pulse(Worker::Cleaning).beat();
        }
    }

    pub(super) async fn remove_deleted(self: Arc<Self>) {
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
            self.background.pulse(Worker::Deletion).beat();
        }
    }
}
