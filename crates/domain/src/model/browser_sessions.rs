//! The cookies of browser sessions, and their repository.

use async_trait::async_trait;
use keyward_auth::SecretHash;
use time::OffsetDateTime;

use super::sessions::LiveSession;
use super::store_error::StoreError;
use crate::values::ids::SessionId;

#[async_trait]
pub trait BrowserSessionRepository: Send {
    /// Makes a session one of a browser, whose cookie holds this secret; [`StoreError::Dangling`] if there is no such session.
    async fn insert(&mut self, session: SessionId, secret: &SecretHash) -> Result<(), StoreError>;
    /// Finds the session that the secret belongs to, unless it was revoked or its user is disabled.
    async fn live(&mut self, secret: &SecretHash) -> Result<Option<LiveSession>, StoreError>;
    /// Replaces the secret of a session, if it still is `old`. Returns whether it was.
    async fn renew(
        &mut self,
        session: SessionId,
        old: &SecretHash,
        new: &SecretHash,
    ) -> Result<bool, StoreError>;
    /// Notes that a live session is in use, unless it was seen after `since`.
    async fn note_use(
        &mut self,
        session: SessionId,
        now: OffsetDateTime,
        since: OffsetDateTime,
    ) -> Result<(), StoreError>;
}
