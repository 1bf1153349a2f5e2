//! Removing what belongs to accounts that were deleted, in batches, so that other writes get their turn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::{Duration, OffsetDateTime};

use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::values::ids::UserId;

/// How many accounts one call looks at, at most.
const ACCOUNTS: u64 = 20;
/// How many rows of a kind one transaction removes.
const BATCH: u64 = 500;
/// How long an account whose removal failed waits for the next attempt; the wait doubles with each further failure.
const FIRST_WAIT: Duration = Duration::minutes(1);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::hours(1);

/// Removes what belongs to accounts that were deleted. Clones go on where the others are.
#[derive(Clone)]
pub struct DeletedAccounts {
    ports: Ports,
    progress: Arc<Mutex<Progress>>,
}

#[derive(Default)]
struct Progress {
    /// The last account that this round has looked at.
    seen: i64,
    /// The accounts whose removal failed.
    failures: HashMap<UserId, Failure>,
}

struct Failure {
    wait: Duration,
    again: OffsetDateTime,
}

/// The outcome of a call.
#[derive(Debug, Default)]
pub struct Removed {
    /// The number of accounts removed.
    pub accounts: u64,
    /// The accounts that could not be removed, and why. Each waits for its next attempt, and holds up no other.
    pub failed: Vec<(UserId, StoreError)>,
    /// Whether there may be accounts that this round has not looked at.
    pub more: bool,
}

impl DeletedAccounts {
    /// The use case over these ports.
    pub fn new(ports: Ports) -> Self {
        Self { ports, progress: Arc::default() }
    }

    /// Removes the rows of some deleted accounts, and then the accounts. Each call goes on behind the last one, and begins
    /// again after the last account.
    ///
    /// # Errors
    /// The accounts could not be looked up.
    pub async fn remove(&self) -> Result<Removed, StoreError> {
        let after = UserId(self.progress().seen);
        let accounts = self.ports.store.autocommit().users().deleted(after, ACCOUNTS).await?;
        let mut removed = Removed { more: accounts.len() as u64 == ACCOUNTS, ..Removed::default() };
        for account in accounts {
            self.progress().seen = account.0;
            if self.waits(account) {
                continue;
            }
            let outcome = self.remove_one(account).await;
            self.note(account, outcome.is_err());
            match outcome {
                Ok(one) => removed.accounts += u64::from(one),
                Err(error) => removed.failed.push((account, error)),
            }
        }
        if !removed.more {
            self.progress().seen = 0;
        }
        Ok(removed)
    }

    /// The number of accounts whose last attempt failed.
    pub fn failing(&self) -> u64 {
        self.progress().failures.len() as u64
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waits(&self, account: UserId) -> bool {
        let now = self.ports.clock.now();
        self.progress().failures.get(&account).is_some_and(|failure| failure.again > now)
    }

    fn note(&self, account: UserId, failed: bool) {
        let (now, mut progress) = (self.ports.clock.now(), self.progress());
        let before = progress.failures.remove(&account);
        if failed {
            let wait = before.map_or(FIRST_WAIT, |failure| LONGEST_WAIT.min(failure.wait * 2));
            progress.failures.insert(account, Failure { wait, again: now + wait });
        }
    }

    async fn remove_one(&self, account: UserId) -> Result<bool, StoreError> {
        while self.ports.retrying(|| self.remove_some(account)).await? > 0 {}
        self.ports.retrying(|| self.delete(account)).await
    }

    async fn remove_some(&self, account: UserId) -> Result<u64, StoreError> {
        let mut tx = self.ports.store.begin().await?;
        let removed = tx.user_changes().remove_some(account, BATCH).await?;
        tx.commit().await?;
        Ok(removed)
    }

    async fn delete(&self, account: UserId) -> Result<bool, StoreError> {
        let mut tx = self.ports.store.begin().await?;
        // What was added since the last batch; it locks the account, so that nothing more is.
        tx.user_changes().remove_some(account, BATCH).await?;
        let deleted = tx.user_changes().delete(account).await?;
        tx.commit().await?;
        Ok(deleted)
    }
}
