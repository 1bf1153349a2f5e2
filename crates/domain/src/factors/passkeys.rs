//! Registering passkeys, renaming and removing them.

use std::sync::Arc;

use super::breadth::broad_enough;
use super::ceremony::{Bound, Ceremony};
use super::checks::FactorChecks;
use super::error::FactorError;
use super::recovery_codes::RecoveryCodes;
use super::registration::{RegisteredPasskey, RegistrationRequest, has_room, store};
use super::removal::after_removal;
use super::shown::note_shown;
use super::standing::{Standing, strong_enough};
use crate::model::events::{Event, EventKind};
use crate::model::mail::Letter;
use crate::model::passkeys::{MOST_PASSKEYS, Passkey, PasskeyName};
use crate::model::users::User;
use crate::ports::letters::Reader;
use crate::ports::store::Transaction;
use crate::ports::webauthn::{Attestation, Registered, Unfit};
use crate::values::actor::Actor;
use crate::values::ids::{PasskeyId, UserId};
use crate::values::origin::Origin;
use crate::values::proof::Method;
use crate::values::scopes::Grants;

/// What user handles are derived for.
const HANDLE: &str = "keyward passkey user handle v1";
/// What mails call a passkey.
const PASSKEY: &str = "a passkey";
/// What events call it.
const DETAIL: &str = "passkey";

/// Registers, renames and removes passkeys.
#[derive(Clone)]
pub struct Passkeys {
    checks: FactorChecks,
    grants: Arc<Grants>,
}

impl Passkeys {
    /// The use case over the same ports as `checks`; `grants` says what each role may have.
    pub fn new(checks: FactorChecks, grants: Grants) -> Self {
        Self { checks, grants: Arc::new(grants) }
    }

    /// Begins a registration.
    ///
    /// # Errors
    /// [`FactorError::NoPasskeys`]; [`FactorError::TooManyPasskeys`]; [`FactorError::TooWeak`] where the account has a second
    /// factor and the actor did not show it; [`FactorError::TooNarrow`] where the token is good for less than the account may have.
    pub async fn begin(&self, actor: &Actor) -> Result<RegistrationRequest, FactorError> {
        let (ports, master) = (&self.checks.ports, &self.checks.postbox.master);
        let webauthn = self.checks.passkeys.webauthn()?;
        let mut repositories = ports.store.autocommit();
        let found = repositories.users().credentials(actor.who).await?.ok_or(FactorError::CallerGone)?;
        let standing = Standing::of(&mut *repositories, actor.who).await?;
        strong_enough(actor, &standing)?;
        broad_enough(&mut *repositories, actor, &self.grants, found.user.role).await?;
        has_room(&standing)?;
        let bound = Bound { user: actor.who, fingerprint: standing.fingerprint(found.hash.as_ref()) };
        let ceremony = Ceremony::new(ports.clock.now(), &*ports.random);
        Ok(RegistrationRequest {
            challenge: ceremony.seal_registration(&bound, master, &*ports.random),
            party: webauthn.party().clone(),
            handle: self.handle(actor.who, &standing),
            user: found.user,
            algorithms: webauthn.algorithms().to_vec(),
            existing: standing.passkeys,
        })
    }

    /// Registers a passkey by the answer of its authenticator. Its owner gets a mail. Other sessions go on: they began with what
    /// was enough at their time.
    ///
    /// # Errors
    /// [`FactorError::InvalidPasskey`], which is counted; [`FactorError::PasskeyTaken`]; and those of [`begin`](Self::begin).
    pub async fn register(
        &self,
        actor: &Actor,
        attestation: &Attestation,
        name: &PasskeyName,
        origin: &Origin,
    ) -> Result<RegisteredPasskey, FactorError> {
        let (checks, user) = (&self.checks, actor.who);
        let ports = &checks.ports;
        checks.passkeys.webauthn()?;
        let guess = checks.guess(user, Method::Passkey, &actor.into()).await?;
        let refuse = async || checks.refuse(user, guess, Method::Passkey, &actor.into(), origin).await;
        let Some((ceremony, bound, registered)) = self.checked(actor, attestation) else {
            return Err(refuse().await);
        };
        let codes = RecoveryCodes::generate(&*ports.random);
        let done = ports
            .retrying(|| async {
                let mut tx = ports.store.begin().await?;
                let held = hold(&mut *tx, user).await?;
                let now = ports.clock.now();
                let standing = Standing::of(&mut *tx, user).await?;
                strong_enough(actor, &standing)?;
                broad_enough(&mut *tx, actor, &self.grants, held.role).await?;
                has_room(&standing)?;
                let found = tx.users().credentials(user).await?.ok_or(FactorError::CallerGone)?;
                if standing.fingerprint(found.hash.as_ref()) != bound.fingerprint
                    || !tx.spent().spend(ceremony.id, ceremony.expiry()).await?
                {
                    return Ok(checks.passkeys.refused(Unfit::Overtaken));
                }
                checks.right(&mut *tx, guess).await?;
                let handle = self.handle(user, &standing);
                let passkey = store(&mut *tx, user, handle, &registered, attestation, name, now).await?;
                tx.passkey_changes().void_challenges(user, now).await?;
                let first = !standing.is_owed();
                if first {
                    codes.store(&mut *tx, user).await?;
                }
                // The passkey was shown in this session: its next token says so.
                note_shown(&mut *tx, actor, Method::Passkey, now).await?;
                let letter = |reader| checks.postbox.letters.passkey_added(reader, first);
                let notice = Reader::of(&held).map(letter).transpose()?;
                self.report(&mut *tx, EventKind::FactorAdded, actor, &held, notice, origin).await?;
                tx.commit().await?;
                Ok(Some((passkey, first)))
            })
            .await;
        match done {
            Ok(Some((passkey, first))) => Ok(RegisteredPasskey { passkey, codes: first.then_some(codes) }),
            Ok(None) => Err(refuse().await),
            // Counted as well, so that no account asks around for the credentials of others.
            Err(FactorError::PasskeyTaken) => Err(match refuse().await {
                FactorError::InvalidPasskey => FactorError::PasskeyTaken,
                other => other,
            }),
            Err(error) => Err(error),
        }
    }

    /// Renames a passkey of the actor's. The name that it has changes nothing.
    ///
    /// # Errors
    /// [`FactorError::PasskeyNotFound`]; [`FactorError::TooWeak`] where the actor did not show a second factor.
    pub async fn rename(
        &self,
        actor: &Actor,
        id: PasskeyId,
        name: &PasskeyName,
        origin: &Origin,
    ) -> Result<Passkey, FactorError> {
        let ports = &self.checks.ports;
        ports
            .retrying(|| async {
                let mut tx = ports.store.begin().await?;
                hold(&mut *tx, actor.who).await?;
                strong_enough(actor, &Standing::of(&mut *tx, actor.who).await?)?;
                let before = tx.passkeys().of_user(actor.who, MOST_PASSKEYS as u64).await?;
                if let Some(same) = before.into_iter().find(|known| known.id == id && known.new.name == *name)
                {
                    return Ok(same);
                }
                let renamed = tx.passkey_changes().rename(actor.who, id, name).await?;
                let renamed = renamed.ok_or(FactorError::PasskeyNotFound(id))?;
                let event = Event::new(ports.clock.now(), EventKind::PasskeyRenamed, actor, origin);
                let event = event.of(actor.who).in_session(actor.session());
                tx.events().append(&event.saying(id.to_string())).await?;
                tx.commit().await?;
                Ok(renamed)
            })
            .await
    }

    /// Removes a passkey of the actor's, and ends their every other session: one of them may have begun with it. With the last
    /// second factor the recovery codes go, too. A mail reports it.
    ///
    /// # Errors
    /// As [`rename`](Self::rename); [`FactorError::LastWayIn`] for the last passkey of an account without a password.
    pub async fn remove(&self, actor: &Actor, id: PasskeyId, origin: &Origin) -> Result<(), FactorError> {
        let ports = &self.checks.ports;
        ports
            .retrying(|| async {
                let mut tx = ports.store.begin().await?;
                let held = hold(&mut *tx, actor.who).await?;
                let standing = Standing::of(&mut *tx, actor.who).await?;
                strong_enough(actor, &standing)?;
                let found = tx.users().credentials(actor.who).await?.ok_or(FactorError::CallerGone)?;
                if found.hash.is_none() && standing.passkeys.iter().all(|passkey| passkey.id == id) {
                    return Err(FactorError::LastWayIn);
                }
                if !tx.passkey_changes().remove(actor.who, id).await? {
                    return Err(FactorError::PasskeyNotFound(id));
                }
                let now = ports.clock.now();
                tx.passkey_changes().void_challenges(actor.who, now).await?;
                tx.session_endings().revoke_all(actor.who, actor.session(), now).await?;
                after_removal(&mut *tx, actor.who, actor.session()).await?;
                let letter = |reader| self.checks.postbox.letters.factor_removed(reader, PASSKEY);
                let notice = Reader::of(&held).map(letter).transpose()?;
                self.report(&mut *tx, EventKind::FactorRemoved, actor, &held, notice, origin).await?;
                Ok(tx.commit().await?)
            })
            .await
    }

    /// The challenge, what it is bound to, and the new credential, if all of it is sound and the actor's.
    fn checked(&self, actor: &Actor, attestation: &Attestation) -> Option<(Ceremony, Bound, Registered)> {
        let (ports, webauthn) = (&self.checks.ports, self.checks.passkeys.webauthn().ok()?);
        let challenge = webauthn.challenge(&attestation.client_data);
        let (challenge, (ceremony, bound)) = challenge
            .and_then(|challenge| {
                let master = &self.checks.postbox.master;
                let opened = Ceremony::open_registration(&challenge, master, ports.clock.now())?;
                Some((challenge, opened))
            })
            .or_else(|| self.checks.passkeys.refused(Unfit::Challenge))?;
        let registered = webauthn.registered(&challenge, attestation).ok()?;
        if bound.user != actor.who {
            return self.checks.passkeys.refused(Unfit::OtherAccount);
        }
        Some((ceremony, bound, registered))
    }

    /// The account's user handle: that of its passkeys, or one derived from the master secret.
    fn handle(&self, user: UserId, standing: &Standing) -> Vec<u8> {
        let derived = || self.checks.postbox.master.derive(HANDLE, &user.0.to_be_bytes()).to_vec();
        standing.passkeys.first().map_or_else(derived, |passkey| passkey.new.handle.clone())
    }

    /// Writes the event of a change, and has a mail report it: `notice`.
    async fn report(
        &self,
        tx: &mut dyn Transaction,
        kind: EventKind,
        actor: &Actor,
        held: &User,
        notice: Option<Letter>,
        origin: &Origin,
    ) -> Result<(), FactorError> {
        let (ports, postbox) = (&self.checks.ports, &self.checks.postbox);
        let event = Event::new(ports.clock.now(), kind, actor, origin).of(actor.who);
        tx.events().append(&event.in_session(actor.session()).saying(DETAIL)).await?;
        postbox.notify(tx, ports, held, notice).await?;
        Ok(())
    }
}

/// Locks the actor's account.
async fn hold(tx: &mut dyn Transaction, user: UserId) -> Result<User, FactorError> {
    let held = tx.user_changes().hold(user).await?;
    held.filter(|user| !user.disabled).ok_or(FactorError::CallerGone)
}
