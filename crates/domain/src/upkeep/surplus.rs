//! Ending the sessions that an account has beyond the bound.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::model::events::{Event, EventKind};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::values::by::By;
use crate::values::ids::UserId;
use crate::values::origin::Origin;

/// How many accounts are looked at in one query.
const ACCOUNTS: u64 = 500;
/// How many sessions end in one transaction.
const BATCH: u64 = 500;

/// Looks at every account once, by ascending id. What fails goes on from there at the next call.
pub(super) struct Surplus {
    ports: Ports,
    most: u64,
    /// The last account that was looked at.
    seen: AtomicI64,
}

impl Surplus {
    pub(super) fn new(ports: Ports, most: u64) -> Self {
        Self { ports, most, seen: AtomicI64::new(0) }
    }

    /// Ends the surplus of every account that was not looked at yet. Returns the number of sessions ended.
    pub(super) async fn trim(&self) -> Result<u64, StoreError> {
        let mut ended = 0;
        loop {
            let after = UserId(self.seen.load(Ordering::Relaxed));
            if after.0 == i64::MAX {
                return Ok(ended);
            }
            let counts = self.ports.store.autocommit().sessions().count_by_user(after, ACCOUNTS).await?;
            for (user, sessions) in &counts {
                if *sessions > self.most {
                    ended += self.trim_one(*user).await?;
                }
                self.seen.store(user.0, Ordering::Relaxed);
            }
            if (counts.len() as u64) < ACCOUNTS {
                self.seen.store(i64::MAX, Ordering::Relaxed);
            }
        }
    }

    async fn trim_one(&self, user: UserId) -> Result<u64, StoreError> {
        let mut ended = 0;
        loop {
            let batch = self.ports.retrying(|| self.end_some(user)).await?;
            ended += batch;
            if batch < BATCH {
                return Ok(ended);
            }
        }
    }

    async fn end_some(&self, user: UserId) -> Result<u64, StoreError> {
        let now = self.ports.clock.now();
        let mut tx = self.ports.store.begin().await?;
        let ended = tx.session_endings().revoke_surplus(user, self.most, now, BATCH).await?.len() as u64;
        if ended > 0 {
            let event = Event::new(now, EventKind::SessionEnded, By::SYSTEM, &Origin::default()).of(user);
            tx.events().append(&event.saying(format!("{ended} of more than {}", self.most))).await?;
        }
        tx.commit().await?;
        Ok(ended)
    }
}
