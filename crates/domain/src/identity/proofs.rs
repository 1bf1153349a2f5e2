//! Proving again who one is, for what needs more than a token: by the password of the account, or, where it has none, by a
//! login or proof of the last minutes. Where there is a second factor, the last minutes must have shown that, too.

use std::sync::Arc;

use keyward_auth::Password;
use time::Duration;

use super::error::UserError;
use crate::factors::standing::{Standing, strong_enough};
use crate::limits::throttle::Throttle;
use crate::model::store_error::StoreError;
use crate::model::users::Credentials;
use crate::ports::bundle::Ports;
use crate::ports::hashing::Verified;
use crate::ports::store::Transaction;
use crate::values::actor::Actor;
use crate::values::ids::UserId;
use crate::values::origin::Origin;

/// How long a login or a proof stands for a password that the account does not have.
const RECENT: Duration = Duration::minutes(5);

/// The password that a body was asked for.
pub struct AskedPassword {
    /// The field that takes it.
    pub field: &'static str,
    /// What was given. An account without a password needs none.
    pub given: Option<Password>,
}

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

    /// Runs `deed` once `asked` is shown to be the account's, and its second factor, where it has one, in the last minutes.
    pub(crate) async fn proving<T, E, F, W>(
        &self,
        actor: &Actor,
        asked: AskedPassword,
        origin: &Origin,
        deed: F,
    ) -> Result<T, E>
    where
        E: From<UserError>,
        F: Fn(Credentials) -> W,
        W: Future<Output = Result<Option<T>, E>>,
    {
        self.require_factor(actor).await?;
        self.asking(actor, asked, origin, deed).await
    }

    /// Runs `deed` once `asked` is shown to be the account's. `deed` returns `None` if the hash that was checked is not the
    /// account's any more: a login may have upgraded it, and then the password is checked once more.
    pub(crate) async fn asking<T, E, F, W>(
        &self,
        actor: &Actor,
        asked: AskedPassword,
        origin: &Origin,
        deed: F,
    ) -> Result<T, E>
    where
        E: From<UserError>,
        F: Fn(Credentials) -> W,
        W: Future<Output = Result<Option<T>, E>>,
    {
        let AskedPassword { field, given } = asked;
        let password = given.map(Arc::new);
        for _ in 0..2 {
            let proven = match &password {
                Some(password) => self.prove(actor, Arc::clone(password), origin).await?,
                None => self.stand_in(actor, field).await?,
            };
            if let Some(done) = deed(proven).await? {
                return Ok(done);
            }
        }
        Err(UserError::WrongPassword.into())
    }

    /// Refuses where the account has a second factor that this session has not shown in the last minutes, and since the newest
    /// was enrolled. Before the password is looked at: a stolen token must not try passwords here.
    async fn require_factor(&self, actor: &Actor) -> Result<(), UserError> {
        let standing = Standing::of(&mut *self.ports.store.autocommit(), actor.who).await?;
        if standing.is_owed() && !self.is_recent(actor) {
            return Err(UserError::TooWeak);
        }
        strong_enough(actor, &standing).map_err(|_| UserError::TooWeak)
    }

    /// Whether the last login or proof was just now.
    fn is_recent(&self, actor: &Actor) -> bool {
        let now = self.ports.clock.now();
        actor.proof.at.is_some_and(|at| now - at <= RECENT)
    }

    /// The account, once a login or proof of the last minutes stands for the password that it does not have.
    async fn stand_in(&self, actor: &Actor, field: &'static str) -> Result<Credentials, UserError> {
        let mut repositories = self.ports.store.autocommit();
        let found = repositories.users().credentials(actor.who).await?.ok_or(UserError::CallerGone)?;
        if found.hash.is_some() {
            return Err(UserError::PasswordMissing(field));
        }
        if self.is_recent(actor) { Ok(found) } else { Err(UserError::Stale) }
    }

    /// The account and its hash, once `password` is shown to be theirs.
    async fn prove(
        &self,
        actor: &Actor,
        password: Arc<Password>,
        origin: &Origin,
    ) -> Result<Credentials, UserError> {
        let id = actor.who;
        let session = actor.session().ok_or(UserError::CallerGone)?;
        let found = self.ports.store.autocommit().users().credentials(id).await?;
        let found = found.ok_or(UserError::CallerGone)?;
        if found.hash.is_none() {
            return Err(UserError::NoPassword);
        }
        let guess = self.throttle.proof(id, session).await?;
        let verified = self.ports.hashing.verify(password, found.hash.clone()).await?;
        let mut repositories = self.ports.store.autocommit();
        if verified == Verified::Mismatch {
            let event = self.throttle.event(actor, origin).of(id).in_session(session);
            self.throttle.wrong(&mut *repositories, guess, event).await?;
            return Err(UserError::WrongPassword);
        }
        self.throttle.right(&mut *repositories, guess).await?;
        Ok(found)
    }
}

/// Returns whether the account still has the password that was proven, or none as then, and keeps it so until the transaction
/// ends. Where nothing had to be proven, it stands.
pub(crate) async fn stands(
    tx: &mut dyn Transaction,
    id: UserId,
    proven: Option<&Credentials>,
) -> Result<bool, StoreError> {
    match proven {
        Some(proven) => tx.user_changes().still_has(id, proven.hash.as_ref()).await,
        None => Ok(true),
    }
}
