//! Looking up sessions that are live.

use std::sync::Arc;

use keyward_auth::{RefreshClaim, RefreshTokens};

use super::opening::Opening;
use crate::model::sessions::{EndedSession, LiveSession};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::values::ids::SessionId;

/// Looks up live sessions.
#[derive(Clone)]
pub struct StandingSessions {
    ports: Ports,
    codec: Arc<RefreshTokens>,
}

impl StandingSessions {
    /// Sessions, and the refresh tokens that `opening` issues for them.
    pub fn new(opening: &Opening) -> Self {
        Self { ports: opening.ports.clone(), codec: Arc::clone(&opening.codec) }
    }

    /// Finds a session by its id, if it is live.
    pub async fn find(&self, id: SessionId) -> Result<Option<LiveSession>, StoreError> {
        self.ports.store.autocommit().sessions().live(id).await
    }

    /// Reads a refresh token and finds its session, if the token is genuine, the session revoked, and its row still kept.
    pub(crate) async fn ended_of_refresh_token(
        &self,
        token: &str,
    ) -> Result<Option<EndedSession>, StoreError> {
        let Ok(claim) = RefreshTokens::parse(token) else { return Ok(None) };
        let ended = self.ports.store.autocommit().sessions().ended(SessionId(claim.session)).await?;
        Ok(ended.filter(|ended| self.codec.verify(&claim, &ended.session.salt)))
    }

    /// Reads a refresh token and finds its session, if the token is genuine and the session live.
    pub(crate) async fn of_refresh_token(
        &self,
        token: &str,
    ) -> Result<Option<(RefreshClaim, LiveSession)>, StoreError> {
        let Ok(claim) = RefreshTokens::parse(token) else { return Ok(None) };
        let live = self.find(SessionId(claim.session)).await?;
        Ok(live.filter(|live| self.codec.verify(&claim, &live.session.salt)).map(|live| (claim, live)))
    }
}
