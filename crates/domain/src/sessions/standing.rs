//! Looking up sessions that are live.

use std::sync::Arc;

use keyward_auth::{RefreshClaim, RefreshTokens};
use time::OffsetDateTime;

use super::opening::Opening;
use crate::model::lifetimes::Lifetimes;
use crate::model::sessions::{EndedSession, LiveSession, Session};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::values::ids::SessionId;

/// Looks up live sessions.
#[derive(Clone)]
pub struct StandingSessions {
    ports: Ports,
    codec: Arc<RefreshTokens>,
    lifetimes: Lifetimes,
}

impl StandingSessions {
    /// Sessions, and the refresh tokens that `opening` issues for them.
    pub fn new(opening: &Opening) -> Self {
        let Opening { ports, codec, lifetimes, .. } = opening;
        Self { ports: ports.clone(), codec: Arc::clone(codec), lifetimes: *lifetimes }
    }

    /// Finds a session by its id, if it is live.
    pub async fn find(&self, id: SessionId) -> Result<Option<LiveSession>, StoreError> {
        self.ports.store.autocommit().sessions().live(id).await
    }

    /// Whether the browser session stands with which this one ends, where there is one: that may be over by age, and its row gone.
    pub(crate) async fn parent_stands(
        &self,
        session: &Session,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let Some(parent) = session.parent else { return Ok(true) };
        let live = self.find(parent).await?;
        Ok(live.is_some_and(|live| !self.lifetimes.are_over(&live.session, now)))
    }

    /// Reads a refresh token: `None` for one that no session can make genuine, which takes no look at one.
    pub(crate) fn read(&self, token: &str) -> Option<RefreshClaim> {
        RefreshTokens::parse(token).ok().filter(|claim| !self.codec.is_forged(claim))
    }

    /// Reads a refresh token and finds its session, if the token is genuine, the session revoked, and its row still kept.
    pub(crate) async fn ended_of_refresh_token(
        &self,
        token: &str,
    ) -> Result<Option<EndedSession>, StoreError> {
        let Some(claim) = self.read(token) else { return Ok(None) };
        let ended = self.ports.store.autocommit().sessions().ended(SessionId(claim.session)).await?;
        Ok(ended.filter(|ended| self.codec.verify(&claim, &ended.session.salt)))
    }

    /// Reads a refresh token and finds its session, if the token is genuine and the session live.
    pub(crate) async fn of_refresh_token(
        &self,
        token: &str,
    ) -> Result<Option<(RefreshClaim, LiveSession)>, StoreError> {
        let Some(claim) = self.read(token) else { return Ok(None) };
        let live = self.find(SessionId(claim.session)).await?;
        Ok(live.filter(|live| self.codec.verify(&claim, &live.session.salt)).map(|live| (claim, live)))
    }
}
