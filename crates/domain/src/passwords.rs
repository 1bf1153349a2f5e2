//! Another password, for whoever knows the present one. Who does not goes by a [link](crate::recovery).

use keyward_auth::Password;

use crate::events::{Event, EventKind, Origin};
use crate::hashing::NewPassword;
use crate::ports::Ports;
use crate::postbox::Postbox;
use crate::sessions::Caller;
use crate::users::{Credentials, UserError, Users};

/// The use case of changing one's password.
#[derive(Clone)]
pub struct Passwords {
    ports: Ports,
    postbox: Postbox,
    users: Users,
}

impl Passwords {
    /// The use case over these ports; `users` tells who knows their password.
    pub fn new(ports: Ports, postbox: Postbox, users: Users) -> Self {
        Self { ports, postbox, users }
    }

    /// Replaces the caller's password, for whoever knows the current one, and ends their every other session. A mail
    /// tells them, in case it was somebody else.
    pub async fn change(
        &self,
        caller: &Caller,
        current: Password,
        new: NewPassword,
        origin: &Origin,
    ) -> Result<(), UserError> {
        let deed = |proven| self.replace(caller, proven, &new, origin);
        self.users.proving(caller.id, current, origin, deed).await?;
        self.ports.changes.changed(caller.id);
        Ok(())
    }

    /// Replaces the password, if it still is the one that was proven; `None` if not.
    async fn replace(
        &self,
        caller: &Caller,
        Credentials { user, hash: old }: Credentials,
        new: &NewPassword,
        origin: &Origin,
    ) -> Result<Option<()>, UserError> {
        new.check_owner(&user.email).map_err(UserError::PasswordRefused)?;
        let hash = self.ports.hashing.hash(new.password()).await?;
        let notice = self.postbox.letters.password_changed()?;
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                if !tx.users().replace_hash(caller.id, &old, &hash).await? {
                    return Ok(None);
                }
                let now = self.ports.clock.now();
                tx.sessions().revoke_all(caller.id, Some(caller.session), now).await?;
                // What was mailed before may be in the hands of whoever knew the old password.
                tx.recoveries().forget_of(caller.id).await?;
                tx.verifications().forget_of(caller.id).await?;
                let event = Event::new(now, EventKind::PasswordChanged, origin)
                    .of(caller.id)
                    .in_session(caller.session);
                tx.events().append(&event).await?;
                self.postbox.post(&mut *tx, &self.ports, user.email.clone(), notice.clone()).await?;
                tx.commit().await?;
                Ok(Some(()))
            })
            .await
    }
}
