//! Proving that one knows the password of one's own account, for what needs more than a token.

use std::sync::Arc;

use keyward_auth::{Password, PasswordHash};

use super::error::UserError;
use crate::limits::throttle::Throttle;
use crate::model::store_error::StoreError;
use crate::model::users::Credentials;
use crate::ports::bundle::Ports;
use crate::ports::hashing::Verified;
use crate::ports::store::Transaction;
use crate::values::actor::Actor;
use crate::values::ids::UserId;
use crate::values::origin::Origin;

/// Asks for an account's password again. Every check is rate limited.
#[derive(Clone)]
pub struct Proofs {
    ports: Ports,
    throttle: Throttle,
}

impl Proofs {
    /// Checks passwords through these ports, as `throttle` allows.
    pub fn new(ports: Ports, throttle: Throttle) -> Self {
        Self { ports, throttle }
    }

    /// Runs `deed` once `password` is shown to be the account's. `deed` returns `None` if the hash that was checked is not the
    /// account's any more: a login may have upgraded it, and then the password is checked once more.
    pub(crate) async fn proving<T, E, F, W>(
        &self,
        actor: &Actor,
        password: Password,
        origin: &Origin,
        deed: F,
    ) -> Result<T, E>
    where
        E: From<UserError>,
        F: Fn(Credentials) -> W,
        W: Future<Output = Result<Option<T>, E>>,
    {
        let password = Arc::new(password);
        for _ in 0..2 {
            let proven = self.prove(actor, Arc::clone(&password), origin).await?;
            if let Some(done) = deed(proven).await? {
                return Ok(done);
            }
        }
        Err(UserError::WrongPassword.into())
    }

    /// The account and its hash, once `password` is shown to be theirs.
    async fn prove(
        &self,
        actor: &Actor,
        password: Arc<Password>,
        origin: &Origin,
    ) -> Result<Credentials, UserError> {
        let id = actor.who;
        let guess = self.throttle.proof(id, actor.session()).await?;
        let found = self.ports.store.autocommit().users().credentials(id).await?;
        let found = found.ok_or(UserError::CallerGone)?;
        let verified = self.ports.hashing.verify(password, found.hash.clone()).await?;
        let mut repositories = self.ports.store.autocommit();
        if verified == Verified::Mismatch {
            let event = self.throttle.event(origin).of(id).in_session(actor.session());
            self.throttle.wrong(&mut *repositories, guess, event).await?;
            return Err(UserError::WrongPassword);
        }
        self.throttle.right(&mut *repositories, guess).await?;
        Ok(found)
    }
}

/// Returns whether the hash that was proven, if any, still is the account's, and keeps it so until the transaction ends.
pub(crate) async fn stands(
    tx: &mut dyn Transaction,
    id: UserId,
    proven: Option<&PasswordHash>,
) -> Result<bool, StoreError> {
    match proven {
        Some(hash) => tx.user_changes().still_has(id, Some(hash)).await,
        None => Ok(true),
    }
}
