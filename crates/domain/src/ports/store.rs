//! The unit of work: repositories over one connection, and transactions that roll back unless committed.

use std::sync::Arc;

use async_trait::async_trait;

use super::announce::Subscriber;
use crate::model::api_keys::{ApiKeyChanges, ApiKeyRepository};
use crate::model::attempts::AttemptRepository;
use crate::model::browser_sessions::BrowserSessionRepository;
use crate::model::clients::ClientRepository;
use crate::model::consents::ConsentRepository;
use crate::model::devices::DeviceRepository;
use crate::model::events::EventRepository;
use crate::model::factors::{FactorChanges, FactorRepository};
use crate::model::jobs::JobRepository;
use crate::model::keys::KeyRepository;
use crate::model::logouts::LogoutRepository;
use crate::model::outbox::OutboxRepository;
use crate::model::overviews::OverviewRepository;
use crate::model::passkeys::{PasskeyChanges, PasskeyRepository};
use crate::model::recoveries::RecoveryRepository;
use crate::model::revocations::RevocationRepository;
use crate::model::sessions::{SessionEndings, SessionProofs, SessionRepository, Spend, Spent};
use crate::model::spent::SpentRepository;
use crate::model::store_error::StoreError;
use crate::model::users::{UserChanges, UserRepository};
use crate::model::verifications::VerificationRepository;

/// Every repository, over one connection or transaction.
pub trait Repositories: Send {
    fn users(&mut self) -> &mut dyn UserRepository;
    /// What administrators see of accounts.
    fn overviews(&mut self) -> &mut dyn OverviewRepository;
    fn sessions(&mut self) -> &mut dyn SessionRepository;
    fn browser_sessions(&mut self) -> &mut dyn BrowserSessionRepository;
    fn keys(&mut self) -> &mut dyn KeyRepository;
    /// OAuth2 clients.
    fn clients(&mut self) -> &mut dyn ClientRepository;
    /// What people allowed clients.
    fn consents(&mut self) -> &mut dyn ConsentRepository;
    /// Devices that ask for a login.
    fn devices(&mut self) -> &mut dyn DeviceRepository;
    fn events(&mut self) -> &mut dyn EventRepository;
    fn jobs(&mut self) -> &mut dyn JobRepository;
    fn attempts(&mut self) -> &mut dyn AttemptRepository;
    fn outbox(&mut self) -> &mut dyn OutboxRepository;
    /// Logouts that wait to be delivered to clients.
    fn logouts(&mut self) -> &mut dyn LogoutRepository;
    fn recoveries(&mut self) -> &mut dyn RecoveryRepository;
    /// Pending verifications of e-mail addresses.
    fn verifications(&mut self) -> &mut dyn VerificationRepository;
    fn revocations(&mut self) -> &mut dyn RevocationRepository;
    fn factors(&mut self) -> &mut dyn FactorRepository;
    fn passkeys(&mut self) -> &mut dyn PasskeyRepository;
    fn api_keys(&mut self) -> &mut dyn ApiKeyRepository;
    /// What is good once.
    fn spent(&mut self) -> &mut dyn SpentRepository;
}

/// Repositories whose writes become visible together at [`commit`](Transaction::commit), and never if dropped before.
///
/// What changes an account or ends a session exists here only, so that it is always announced: the write records the
/// change in this transaction, and subscribers are notified once it is committed.
///
/// Inside a transaction: no hashing, no mail, no HTTP.
#[async_trait]
pub trait Transaction: Repositories {
    fn user_changes(&mut self) -> &mut dyn UserChanges;
    fn factor_changes(&mut self) -> &mut dyn FactorChanges;
    fn passkey_changes(&mut self) -> &mut dyn PasskeyChanges;
    fn api_key_changes(&mut self) -> &mut dyn ApiKeyChanges;
    fn session_endings(&mut self) -> &mut dyn SessionEndings;
    fn session_proofs(&mut self) -> &mut dyn SessionProofs;
    /// Makes every write durable and visible, then notifies subscribers: also when the outcome is unknown.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

#[async_trait]
pub trait Store: Send + Sync {
    /// Repositories whose every call is a transaction of its own.
    fn autocommit(&self) -> Box<dyn Repositories>;
    /// Repositories whose reads may be slightly stale, for they may come from a copy of the database.
    ///
    /// Only for what anyone can read without a token, such as published posts, and for the lists of administrators. Never
    /// for a session, a key or a password, for anything that a write depends on, or for what a user has just written.
    fn replica(&self) -> Box<dyn Repositories> {
        self.autocommit()
    }
    /// Spends a refresh token in a transaction of its own, or in one with others that are waiting at that moment. Returns
    /// once that is durable.
    ///
    /// # Errors
    /// What the store answered; [`StoreError::Unavailable`] also where too many wait.
    async fn spend(&self, token: Spend) -> Spent;
    /// Begins a transaction that may write.
    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError>;
    /// Notifies `subscriber` of every change that this process commits, and of those of other processes that it hears of.
    fn subscribe(&self, subscriber: Arc<dyn Subscriber>);
    /// Waits before repetition number `round` of a unit of work that failed with [`StoreError::Contended`]: exponential
    /// backoff with full jitter.
    async fn rest(&self, round: u32);
    /// Returns when the database answers.
    async fn ping(&self) -> Result<(), StoreError>;
    /// The use of its connection pools.
    fn pools(&self) -> Vec<PoolUse> {
        Vec::new()
    }
}

/// The use of a connection pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolUse {
    /// What the pool is for.
    pub name: &'static str,
    pub open: u64,
    /// Open connections that are idle.
    pub idle: u64,
    pub most: u64,
}
