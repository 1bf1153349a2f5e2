//! Removing what belongs to accounts that were deleted, in batches, so that other writes get their turn.

use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::values::ids::UserId;

/// How many accounts are removed in one go.
const ACCOUNTS: u64 = 100;
/// How many rows of a kind one transaction removes.
const BATCH: u64 = 500;

/// Removes what belongs to accounts that were deleted.
#[derive(Clone)]
pub struct DeletedAccounts {
    ports: Ports,
}

impl DeletedAccounts {
    /// The use case over these ports.
    pub fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Removes the rows of deleted accounts, and then the accounts. Returns the number of accounts removed. What fails goes
    /// on at the next call.
    pub async fn remove(&self) -> Result<u64, StoreError> {
        let accounts = self.ports.store.autocommit().users().deleted(ACCOUNTS).await?;
        let mut removed = 0;
        for account in accounts {
            while self.ports.retrying(|| self.remove_some(account)).await? > 0 {}
            removed += u64::from(self.ports.retrying(|| self.delete(account)).await?);
        }
        Ok(removed)
    }

    async fn remove_some(&self, account: UserId) -> Result<u64, StoreError> {
        let mut tx = self.ports.store.begin().await?;
        let removed = tx.user_changes().remove_some(account, BATCH).await?;
        tx.commit().await?;
        Ok(removed)
    }

    async fn delete(&self, account: UserId) -> Result<bool, StoreError> {
        let mut tx = self.ports.store.begin().await?;
        let deleted = tx.user_changes().delete(account).await?;
        tx.commit().await?;
        Ok(deleted)
    }
}
