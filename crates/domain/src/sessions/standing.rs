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

/// A session that was not ended.
#[derive(Clone, Debug)]
pub struct Standing {
    pub live: LiveSession,
    /// When it is over by age, or the browser session is with which it ends, unless they are used before.
    pub until: OffsetDateTime,
}

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

    /// Finds a session by its id, if it is live. It may be over by age.
    async fn live(&self, id: SessionId) -> Result<Option<LiveSession>, StoreError> {
        self.ports.store.autocommit().sessions().live(id).await
    }

    /// Finds a session by its id, with when it ends unless it is used. `None` for one that was ended, or whose browser session was.
    pub async fn find(&self, id: SessionId) -> Result<Option<Standing>, StoreError> {
        let Some(live) = self.live(id).await? else { return Ok(None) };
        let mut until = self.lifetimes.end(&live.session);
        if let Some(parent) = live.session.parent {
            let Some(parent) = self.live(parent).await? else { return Ok(None) };
            until = until.min(self.lifetimes.end(&parent.session));
        }
        Ok(Some(Standing { live, until }))
    }

    /// Whether the browser session stands with which this one ends, where there is one: that may be over by age, and its row gone.
    pub(crate) async fn parent_stands(
        &self,
        session: &Session,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let Some(parent) = session.parent else { return Ok(true) };
        let live = self.live(parent).await?;
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
        let live = self.live(SessionId(claim.session)).await?;
        Ok(live.filter(|live| self.codec.verify(&claim, &live.session.salt)).map(|live| (claim, live)))
    }
}
