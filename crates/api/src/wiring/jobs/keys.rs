//! Keeping the key ring in memory in step with the keys in the store.

use std::sync::Arc;

use super::Jobs;
use super::key_rotation::note_unopened;
use crate::metrics::background::Worker;

impl Jobs {
    pub(super) async fn keep_keys(self: Arc<Self>) {
        let mut ticks = self.ticks();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.wakes.keys.notified() => {}
            }
            if let Err(error) = self.keys.rotate(&self.housekeeping).await {
                tracing::warn!(cause = ?error, "whether to replace the signing key could not be looked up");
            }
            let mut unopened = Some(Vec::new());
            if let Some(keeper) = &self.keys.access {
                match keeper.keys.open(keeper.algorithm).await {
                    Ok(opened) => {
                        keeper.ring.replace(opened.ring);
                        unopened = Some(opened.unopened);
                    }
                    Err(error) => {
                        tracing::error!(cause = ?error, "there are no signing keys to read: {error}");
                        unopened = None;
                    }
                }
            }
            if let Err(error) = self.keys.id_tokens.reload().await {
                tracing::error!(cause = ?error, "there are no keys of ID tokens to read: {error}");
            }
            if let Some(mut kids) = unopened {
                kids.extend(self.keys.id_tokens.unopened());
                // Where ID tokens are signed by the same algorithm, the two share their keys.
                kids.sort_unstable();
                kids.dedup();
                note_unopened(&self.background, kids);
            }
            self.background.pulse(Worker::Keys).beat();
        }
    }
}
