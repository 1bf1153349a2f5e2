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
    /// on at the next call, and holds up no other account.
    pub async fn remove(&self) -> Result<u64, StoreError> {
        let accounts = self.ports.store.autocommit().users().deleted(ACCOUNTS).await?;
        let (mut removed, mut failure) = (0, None);
        for account in accounts {
            match self.remove_one(account).await {
                Ok(one) => removed += u64::from(one),
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(removed), Err)
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
