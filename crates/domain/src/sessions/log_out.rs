//! Logging out: listing and ending one's own sessions.

use super::ending::end;
use super::error::SessionError;
use crate::identity::error::UserError;
use crate::model::events::{Event, EventKind};
use crate::model::lifetimes::Lifetimes;
use crate::model::sessions::Session;
use crate::ports::bundle::Ports;
use crate::values::actor::Actor;
use crate::values::ids::SessionId;
use crate::values::origin::Origin;
use crate::values::page::{Page, Slice};

/// Lists and ends the actor's sessions.
#[derive(Clone)]
pub struct LogOut {
    ports: Ports,
    lifetimes: Lifetimes,
}

impl LogOut {
    /// The use case over these ports.
    pub fn new(ports: Ports, lifetimes: Lifetimes) -> Self {
        Self { ports, lifetimes }
    }

    /// One page of the actor's live sessions, newest first. Sessions that are over by age are left out of it.
    pub async fn list(
        &self,
        actor: &Actor,
        page: Page<SessionId>,
    ) -> Result<Slice<Session, SessionId>, SessionError> {
        let now = self.ports.clock.now();
        let mut store = self.ports.store.autocommit();
        let rows = store.sessions().of_user(actor.who, page.after, page.fetch()).await?;
        let mut slice = Slice::cut(rows, page, |session| session.id);
        slice.items.retain(|session| !self.lifetimes.are_over(session, now));
        Ok(slice)
    }

    /// Ends the actor's session. Succeeds as well if it has ended already.
    pub async fn here(&self, actor: &Actor, origin: &Origin) -> Result<(), SessionError> {
        let session = actor.session().ok_or(UserError::CallerGone)?;
        end(&self.ports, actor.who, session, EventKind::SessionEnded, actor.into(), origin).await?;
        Ok(())
    }

    /// Ends one of the actor's sessions.
    pub async fn one(&self, actor: &Actor, id: SessionId, origin: &Origin) -> Result<(), SessionError> {
        let ended = end(&self.ports, actor.who, id, EventKind::SessionEnded, actor.into(), origin).await?;
        if ended { Ok(()) } else { Err(SessionError::NotFound(id)) }
    }

    /// Ends every session of the actor but this one. Returns the number ended.
    pub async fn others(&self, actor: &Actor, origin: &Origin) -> Result<u64, SessionError> {
        let (session, now) = (actor.session().ok_or(UserError::CallerGone)?, self.ports.clock.now());
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                tx.user_changes().hold(actor.who).await?;
                let ended = tx.session_endings().revoke_all(actor.who, Some(session), now).await?;
                let event =
                    Event::new(now, EventKind::SessionEnded, actor, origin).of(actor.who).in_session(session);
                tx.events().append(&event.saying(format!("others {ended}"))).await?;
                tx.commit().await?;
                Ok(ended)
            })
            .await
    }

    /// Ends every session of the actor, this one included.
    pub async fn everywhere(&self, actor: &Actor, origin: &Origin) -> Result<(), SessionError> {
        let now = self.ports.clock.now();
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                tx.user_changes().hold(actor.who).await?;
                let ended = tx.session_endings().revoke_all(actor.who, None, now).await?;
                let event = Event::new(now, EventKind::SessionEnded, actor, origin)
                    .of(actor.who)
                    .in_session(actor.session());
                tx.events().append(&event.saying(format!("all {ended}"))).await?;
                Ok(tx.commit().await?)
            })
            .await
    }
}
