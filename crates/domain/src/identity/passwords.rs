//! Changing one's password, given the current one. A forgotten one is replaced through a [link](super::recovery).

use super::besides::besides;
use super::error::UserError;
use super::proofs::{AskedPassword, Proofs};
use crate::mail::postbox::Postbox;
use crate::model::events::{Event, EventKind};
use crate::model::users::Credentials;
use crate::ports::bundle::Ports;
use crate::ports::letters::{Besides, Reader};
use crate::values::actor::Actor;
use crate::values::new_password::NewPassword;
use crate::values::origin::Origin;

#[derive(Clone)]
pub struct ChangePassword {
    ports: Ports,
    postbox: Postbox,
    proofs: Proofs,
}

impl ChangePassword {
    /// The use case over these ports; `proofs` checks the current password.
    pub fn new(ports: Ports, postbox: Postbox, proofs: Proofs) -> Self {
        Self { ports, postbox, proofs }
    }

    /// Whether the actor's account has a password, which is asked for where one exists.
    pub async fn is_set(&self, actor: &Actor) -> Result<bool, UserError> {
        let found = self.ports.store.autocommit().users().credentials(actor.who).await?;
        Ok(found.ok_or(UserError::CallerGone)?.hash.is_some())
    }

    /// Replaces the actor's password, given the current one, and ends their every other session. A mail reports it, in
    /// case it was someone else.
    pub async fn change(
        &self,
        actor: &Actor,
        current: AskedPassword,
        new: NewPassword,
        origin: &Origin,
    ) -> Result<(), UserError> {
        let deed = |proven| self.replace(actor, proven, &new, origin);
        self.proofs.proving(actor, current, origin, deed).await
    }

    /// Replaces the password, if it still is the one that was proven; `None` if not.
    async fn replace(
        &self,
        actor: &Actor,
        Credentials { user, hash: old }: Credentials,
        new: &NewPassword,
        origin: &Origin,
    ) -> Result<Option<()>, UserError> {
        let session = actor.session().ok_or(UserError::CallerGone)?;
        new.check_owner(&user.names).map_err(UserError::PasswordRefused)?;
        let hash = self.ports.hashing.hash(new.password()).await?;
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                if !tx.user_changes().replace_hash(actor.who, old.as_ref(), &hash).await? {
                    return Ok(None);
                }
                let now = self.ports.clock.now();
                tx.session_endings().revoke_all(actor.who, Some(session), now).await?;
                tx.passkey_changes().void_challenges(actor.who, now).await?;
                // What was mailed before may be in the hands of someone who knew the old password.
                tx.recoveries().forget_of(actor.who).await?;
                tx.verifications().forget_of(actor.who).await?;
                let event = Event::new(now, EventKind::PasswordChanged, actor, origin)
                    .of(actor.who)
                    .in_session(session);
                tx.events().append(&event).await?;
                let besides = if user.email_verified {
                    besides(&mut *tx, actor.who, now).await?
                } else {
                    Besides::default()
                };
                let letter = |reader| self.postbox.letters.password_changed(reader, &besides);
                let notice = Reader::of(&user).map(letter).transpose()?;
                self.postbox.notify(&mut *tx, &self.ports, &user, notice).await?;
                tx.commit().await?;
                Ok(Some(()))
            })
            .await
    }
}
