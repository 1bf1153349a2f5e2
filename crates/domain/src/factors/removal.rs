//! Removing second factors: one's own, or, for an administrator, another account's whose owner has lost them.

use super::checks::FactorChecks;
use super::error::FactorError;
use super::standing::{Standing, strong_enough};
use super::totp::APP;
use crate::mail::postbox::Postbox;
use crate::model::events::{Event, EventKind};
use crate::model::users::User;
use crate::ports::bundle::Ports;
use crate::ports::letters::Reader;
use crate::ports::store::Transaction;
use crate::values::actor::Actor;
use crate::values::by::By;
use crate::values::ids::{SessionId, UserId};
use crate::values::origin::Origin;
use crate::values::proof::Proof;

/// Looks second factors up, and removes them.
#[derive(Clone)]
pub struct Factors {
    checks: FactorChecks,
}

impl Factors {
    /// The use case over the same ports as `checks`.
    pub fn new(checks: FactorChecks) -> Self {
        Self { checks }
    }

    /// The actor's second factors.
    pub async fn own(&self, actor: &Actor) -> Result<Standing, FactorError> {
        Ok(Standing::of(&mut *self.checks.ports.store.autocommit(), actor.who).await?)
    }

    /// Removes the actor's authenticator app, and ends their every other session: one of them may have begun with it. With the
    /// last second factor the recovery codes go, too. A mail reports it.
    ///
    /// # Errors
    /// [`FactorError::NoFactor`] without such an app; [`FactorError::TooWeak`] where the actor did not show one.
    pub async fn remove_totp(&self, actor: &Actor, origin: &Origin) -> Result<(), FactorError> {
        let ports = &self.checks.ports;
        ports
            .retrying(|| async {
                let mut tx = ports.store.begin().await?;
                let held = tx.user_changes().hold(actor.who).await?;
                let held = held.filter(|user| !user.disabled).ok_or(FactorError::CallerGone)?;
                strong_enough(actor, &Standing::of(&mut *tx, actor.who).await?)?;
                if !tx.factor_changes().remove_totp(actor.who).await? {
                    return Err(FactorError::NoFactor);
                }
                let now = ports.clock.now();
                tx.passkey_changes().void_challenges(actor.who, now).await?;
                tx.session_endings().revoke_all(actor.who, actor.session(), now).await?;
                after_removal(&mut *tx, actor.who, actor.session()).await?;
                let event = Event::new(now, EventKind::FactorRemoved, actor, origin).of(actor.who);
                tx.events().append(&event.in_session(actor.session()).saying("totp")).await?;
                let postbox = &self.checks.postbox;
                let letter = |reader| postbox.letters.factor_removed(reader, APP);
                let notice = Reader::of(&held).map(letter).transpose()?;
                postbox.notify(&mut *tx, ports, &held, notice).await?;
                Ok(tx.commit().await?)
            })
            .await
    }
}

/// Takes all second factors of an account away, whose owner has lost them.
#[derive(Clone)]
pub struct TakeFactorsAway {
    ports: Ports,
    postbox: Option<Postbox>,
}

impl TakeFactorsAway {
    /// The use case over these ports. Without a `postbox` no mail reports it.
    pub fn new(ports: Ports, postbox: Option<Postbox>) -> Self {
        Self { ports, postbox }
    }

    /// Takes them away, with the recovery codes, for `administrator` or, without one, for an operator's command, and ends the
    /// account's sessions, apart from the one that asks. An account without any stays as it is.
    ///
    /// # Errors
    /// [`FactorError::NotFound`]; [`FactorError::TooWeak`] where the administrator has a second factor and did not show it.
    pub async fn of(
        &self,
        id: UserId,
        administrator: Option<&Actor>,
        by: &By,
        origin: &Origin,
    ) -> Result<User, FactorError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                if let Some(actor) = administrator {
                    strong_enough(actor, &Standing::of(&mut *tx, actor.who).await?)?;
                }
                let held = tx.user_changes().hold(id).await?.ok_or(FactorError::NotFound(id))?;
                let had_app = tx.factor_changes().remove_totp(id).await?;
                if tx.passkey_changes().remove_all(id).await? > 0 || had_app {
                    let now = self.ports.clock.now();
                    let asking = administrator.and_then(Actor::session);
                    tx.session_endings().revoke_all(id, asking, now).await?;
                    after_removal(&mut *tx, id, asking).await?;
                    let event = Event::new(now, EventKind::FactorRemoved, by.clone(), origin).of(id);
                    tx.events().append(&event.saying("all")).await?;
                    if let Some(postbox) = &self.postbox {
                        let letter = |reader| postbox.letters.factor_removed(reader, "every second factor");
                        let notice = Reader::of(&held).map(letter).transpose()?;
                        postbox.notify(&mut *tx, &self.ports, &held, notice).await?;
                    }
                }
                tx.commit().await?;
                Ok(held)
            })
            .await
    }
}

/// Where an account has no second factor any more, deletes its recovery codes, and lets the session that `stays`, if it is the
/// account's, count as one that began with the password alone.
pub(super) async fn after_removal(
    tx: &mut dyn Transaction,
    user: UserId,
    stays: Option<SessionId>,
) -> Result<(), FactorError> {
    if Standing::of(tx, user).await?.is_owed() {
        return Ok(());
    }
    tx.factor_changes().replace_recovery_codes(user, &[]).await?;
    let Some(id) = stays else { return Ok(()) };
    let live = tx.sessions().live(id).await?;
    if let Some(live) = live.filter(|live| live.session.user == user) {
        let Proof { methods, at } = live.session.proof;
        let weaker = Proof { methods: methods.without_second_factors(), at };
        tx.session_proofs().prove(user, id, &weaker).await?;
    }
    Ok(())
}
