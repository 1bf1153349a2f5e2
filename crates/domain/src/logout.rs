//! Logging out: the use cases that list and end sessions.

use crate::events::{Event, EventKind, Origin};
use crate::sessions::{Caller, Session, SessionError, SessionId, Sessions};
use crate::users::UserId;

/// How many sessions a list shows at most.
const LISTED: u64 = 200;

impl Sessions {
    /// The caller's sessions that stand, newest first.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Session>, SessionError> {
        let now = self.ports.clock.now();
        let mut sessions = self.ports.store.autocommit().sessions().of_user(caller.id, LISTED).await?;
        sessions.retain(|session| !self.lifetimes.are_over(session, now));
        Ok(sessions)
    }

    /// Ends the caller's session. One that has ended already stays so.
    pub async fn log_out(&self, caller: &Caller, origin: &Origin) -> Result<(), SessionError> {
        self.end(caller.id, caller.session, EventKind::SessionEnded, origin).await.map(drop)
    }

    /// Ends one of the caller's sessions.
    pub async fn end_own(&self, caller: &Caller, id: SessionId, origin: &Origin) -> Result<(), SessionError> {
        let ended = self.end(caller.id, id, EventKind::SessionEnded, origin).await?;
        if ended { Ok(()) } else { Err(SessionError::NotFound(id)) }
    }

    /// Ends every session of the caller, this one included.
    pub async fn log_out_everywhere(&self, caller: &Caller, origin: &Origin) -> Result<(), SessionError> {
        let now = self.ports.clock.now();
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                let ended = tx.sessions().revoke_all(caller.id, None, now).await?;
                let event =
                    Event::new(now, EventKind::SessionEnded, origin).of(caller.id).in_session(caller.session);
                tx.events().append(&event.saying(format!("all {ended}"))).await?;
                Ok::<_, SessionError>(tx.commit().await?)
            })
            .await?;
        self.ports.changes.changed(caller.id);
        Ok(())
    }

    /// Ends a session and records why; says whether it stood.
    pub(crate) async fn end(
        &self,
        user: UserId,
        id: SessionId,
        why: EventKind,
        origin: &Origin,
    ) -> Result<bool, SessionError> {
        let now = self.ports.clock.now();
        let ended = self
            .ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                let ended = tx.sessions().revoke(user, id, now).await?;
                if ended {
                    tx.events().append(&Event::new(now, why, origin).of(user).in_session(id)).await?;
                }
                tx.commit().await?;
                Ok::<_, SessionError>(ended)
            })
            .await?;
        self.ports.changes.changed(user);
        Ok(ended)
    }
}
