//! Deleting what has expired, and what belonged to deleted accounts.

use std::sync::Arc;

use keyward_domain::upkeep::deleted_accounts::Removed;
use keyward_domain::values::ids::UserId;

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
            while self.remove_some_deleted().await {}
        }
    }

    /// Removes what belonged to some deleted accounts. Returns whether there may be more of them.
    async fn remove_some_deleted(&self) -> bool {
        let removed = self.deleted_accounts.remove().await;
        self.background.note_failing_deletions(self.deleted_accounts.failing());
        self.background.pulse(Worker::Deletion).beat();
        match removed {
            Ok(Removed { accounts, failed, more }) => {
                if accounts > 0 {
                    tracing::info!(accounts, "removed what belonged to deleted accounts");
                }
                for (UserId(user), error) in failed {
                    tracing::warn!(user, cause = ?error, "what belongs to a deleted account could not be removed; it is tried again");
                }
                more
            }
            Err(error) => {
                tracing::warn!(cause = ?error, "deleted accounts could not be looked up");
                false
            }
        }
    }
}
