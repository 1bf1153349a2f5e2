//! Deleting accounts. What belongs to one is hidden at once, and removed in batches by
//! [`DeletedAccounts`](crate::upkeep::deleted_accounts::DeletedAccounts).

use super::administrators::{administering, spare_the_last};
use super::error::UserError;
use super::proofs::{AskedPassword, Proofs, stands};
use crate::model::events::{Event, EventKind};
use crate::model::users::Credentials;
use crate::ports::bundle::Ports;
use crate::values::actor::Actor;
use crate::values::by::By;
use crate::values::ids::UserId;
use crate::values::origin::Origin;

#[derive(Clone)]
pub struct DeleteAccount {
    ports: Ports,
    proofs: Proofs,
}

impl DeleteAccount {
    /// The use case over these ports; `proofs` checks the password of who deletes their own account.
    pub fn new(ports: Ports, proofs: Proofs) -> Self {
        Self { ports, proofs }
    }

    /// Deletes the actor's own account, given its password.
    pub async fn own(
        &self,
        actor: &Actor,
        password: AskedPassword,
        origin: &Origin,
    ) -> Result<(), UserError> {
        let deed =
            |proven| async move { self.remove(actor.who, Some(&proven), None, &actor.into(), origin).await };
        self.proofs.proving(actor, password, origin, deed).await.map_err(UserError::of_caller)
    }

    /// Deletes an account with everything that belongs to it, for `administrator` or, without one, for an operator's command. The
    /// last administrator stays.
    ///
    /// # Errors
    /// [`UserError::TooWeak`] where the administrator has a second factor and did not show it.
    pub async fn any(
        &self,
        id: UserId,
        administrator: Option<&Actor>,
        by: &By,
        origin: &Origin,
    ) -> Result<(), UserError> {
        self.remove(id, None, administrator, by, origin).await.map(drop)
    }

    /// Deletes an account, if it still has the password that was `proven`; `None` if not.
    async fn remove(
        &self,
        id: UserId,
        proven: Option<&Credentials>,
        administrator: Option<&Actor>,
        by: &By,
        origin: &Origin,
    ) -> Result<Option<()>, UserError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                administering(&mut *tx, administrator).await?;
                if !stands(&mut *tx, id, proven).await? {
                    return Ok(None);
                }
                // Other services must hear of every session, one that is being opened at this moment included.
                let now = self.ports.clock.now();
                spare_the_last(&mut *tx, id).await?;
                tx.session_endings().revoke_all(id, None, now).await?;
                if !tx.user_changes().mark_deleted(id, now).await? {
                    return Err(UserError::NotFound(id));
                }
                let event = Event::new(now, EventKind::UserDeleted, by.clone(), origin).of(id);
                tx.events().append(&event).await?;
                tx.commit().await?;
                Ok(Some(()))
            })
            .await
    }
}
