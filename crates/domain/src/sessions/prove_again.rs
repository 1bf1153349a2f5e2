//! Proving again who one is, in a session that stands: what matters asks for a login or a proof of the last minutes.

use keyward_auth::{Confirmation, Password};

use super::error::SessionError;
use super::opening::{Opening, Tokens};
use crate::factors::answer::Answer;
use crate::factors::checks::FactorChecks;
use crate::factors::error::FactorError;
use crate::factors::shown::note_shown;
use crate::factors::standing::Standing;
use crate::identity::error::UserError;
use crate::identity::proofs::{AskedPassword, Proofs};
use crate::model::clients::Client;
use crate::model::users::Credentials;
use crate::ports::store::Transaction;
use crate::values::actor::Actor;
use crate::values::origin::Origin;
use crate::values::proof::Method;
use crate::values::scopes::{self, ENROL};

/// What one proves again.
pub enum Again {
    /// The password: for an account without a second factor.
    Password(Password),
    /// A second factor.
    Factor(Answer),
}

/// Takes further proofs.
#[derive(Clone)]
pub struct ProveAgain {
    opening: Opening,
    proofs: Proofs,
    checks: FactorChecks,
}

impl ProveAgain {
    /// The use case; `proofs` checks passwords, `checks` second factors.
    pub fn new(opening: Opening, proofs: Proofs, checks: FactorChecks) -> Self {
        Self { opening, proofs, checks }
    }

    /// Tokens of the actor's session that say when it was proven anew. The session's refresh token stays the one it is. Where
    /// the account has a second factor, the password proves nothing: a thief of the token may know it, too.
    ///
    /// # Errors
    /// [`UserError::WrongPassword`], [`FactorError::WrongCode`] and [`FactorError::InvalidPasskey`], which are counted;
    /// [`FactorError::TooWeak`] for the password
    /// of an account that has a second factor.
    pub async fn prove(&self, actor: &Actor, what: Again, origin: &Origin) -> Result<Tokens, SessionError> {
        match what {
            Again::Password(password) => {
                let deed = |proven| self.by_password(actor, proven);
                let asked = AskedPassword { field: "password", given: Some(password) };
                self.proofs.asking(actor, asked, origin, deed).await
            }
            Again::Factor(answer) => self.by_factor(actor, &answer, origin).await,
        }
    }

    /// `None` if the account has another hash by now.
    async fn by_password(
        &self,
        actor: &Actor,
        Credentials { hash, .. }: Credentials,
    ) -> Result<Option<Tokens>, SessionError> {
        let ports = &self.opening.ports;
        ports
            .retrying(|| async {
                let mut tx = ports.store.begin().await?;
                tx.user_changes().hold(actor.who).await?.ok_or(UserError::CallerGone)?;
                if !tx.user_changes().still_has(actor.who, hash.as_ref()).await? {
                    return Ok(None);
                }
                if Standing::of(&mut *tx, actor.who).await?.is_owed() {
                    return Err(FactorError::TooWeak.into());
                }
                self.note(tx, actor, Method::Password).await.map(Some)
            })
            .await
    }

    async fn by_factor(
        &self,
        actor: &Actor,
        answer: &Answer,
        origin: &Origin,
    ) -> Result<Tokens, SessionError> {
        let ports = &self.opening.ports;
        let standing = Standing::of(&mut *ports.store.autocommit(), actor.who).await?;
        let checked = self.checks.check(actor.who, &standing, answer, &actor.into(), origin).await?;
        let noted = ports
            .retrying(|| async {
                let mut tx = ports.store.begin().await?;
                let held = tx.user_changes().hold(actor.who).await?;
                held.filter(|user| !user.disabled).ok_or(UserError::CallerGone)?;
                if Standing::of(&mut *tx, actor.who).await?.fingerprint(None) != standing.fingerprint(None)
                    || !self.checks.redeem(&mut *tx, &checked, &actor.into(), origin).await?
                {
                    return Ok(None);
                }
                self.note(tx, actor, checked.method()).await.map(Some)
            })
            .await?;
        match noted {
            Some(tokens) => Ok(tokens),
            None => Err(self.checks.overtaken(&checked, &actor.into(), origin).await.into()),
        }
    }

    /// Notes the proof in the session, whose account is held, and commits.
    async fn note(
        &self,
        mut tx: Box<dyn Transaction>,
        actor: &Actor,
        shown: Method,
    ) -> Result<Tokens, SessionError> {
        let session = actor.session().ok_or(UserError::CallerGone)?;
        note_shown(&mut *tx, actor, shown, self.opening.ports.clock.now()).await?;
        let now = self.opening.ports.clock.now();
        let live = tx.sessions().live(session).await?;
        let live = live.filter(|live| !self.opening.lifetimes.are_over(&live.session, now));
        let live = live.ok_or(UserError::CallerGone)?;
        let client = match &live.session.client {
            Some(id) => Some(tx.clients().find(id).await?.ok_or(UserError::CallerGone)?),
            None => None,
        };
        // As at a refresh: what role, client and policy allow now, and no more than the token had.
        let role = self.opening.grants().bound(live.role, &live.session.scope);
        let allowed = Client::bound(client.as_ref(), &role);
        let allowed =
            if actor.scope.contains(ENROL) { allowed } else { scopes::intersection(&actor.scope, &allowed) };
        let scope = self.opening.narrowed(&mut *tx, &live.session, live.role, allowed).await?;
        // A token that is bound to a key is not traded for one that is not.
        let key = actor.confirmation.as_ref().and_then(Confirmation::key);
        let tokens = self.opening.tokens(&live.session, scope, key.as_ref())?;
        tx.commit().await?;
        Ok(tokens)
    }
}
