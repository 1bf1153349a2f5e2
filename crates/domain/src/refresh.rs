//! Refresh: the rule that decides what a refresh token is worth, and the use case around it.
//!
//! A token is spent by one atomic `UPDATE` of its session's counter, so of any number of callers one wins. The
//! others, and whoever lost the answer, get the same successor within the grace; anything older is theft.

use time::OffsetDateTime;

use crate::scopes;
use crate::sessions::{Lifetimes, Session, SessionError, SessionId, Sessions, Tokens};

/// What a refresh token that names an existing session, and was signed for it, is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It is the good one: spend it.
    Spend,
    /// It was spent a moment ago: its owner gets the current successor.
    Converge,
    /// It was spent long ago: somebody holds a copy.
    Replay,
    /// Nothing: the session is over, or the token is from a future that a restored backup forgot.
    Nothing,
}

/// Judges the token with `counter` of `session`.
pub fn judge(session: &Session, counter: u64, now: OffsetDateTime, lifetimes: &Lifetimes) -> Worth {
    let over = now - session.last_seen_at >= lifetimes.idle || now - session.created_at >= lifetimes.absolute;
    if counter > session.counter || over {
        Worth::Nothing
    } else if counter == session.counter {
        Worth::Spend
    } else if counter + 1 == session.counter && now - session.last_seen_at <= lifetimes.grace {
        Worth::Converge
    } else {
        Worth::Replay
    }
}

impl Sessions {
    /// Trades a refresh token for the next pair. `scope` narrows the access token; it never widens the session.
    ///
    /// # Errors
    /// [`SessionError::InvalidRefreshToken`] for whatever is not worth a pair. A replay also ends the session.
    pub async fn refresh(&self, token: &str, scope: Option<&str>) -> Result<Tokens, SessionError> {
        let claim =
            keyward_auth::RefreshTokens::parse(token).map_err(|_| SessionError::InvalidRefreshToken)?;
        let id = SessionId(claim.session);
        // A caller who loses the race judges again: the token it holds was spent a moment ago.
        for _ in 0..3 {
            let live = self.live(id).await?.ok_or(SessionError::InvalidRefreshToken)?;
            let mut session = live.session.clone();
            if !self.refresh.verify(&claim, &session.salt) {
                return Err(SessionError::InvalidRefreshToken);
            }
            let now = self.ports.clock.now();
            let worth = judge(&session, claim.counter, now, &self.lifetimes);
            match worth {
                Worth::Nothing => return Err(SessionError::InvalidRefreshToken),
                Worth::Replay => {
                    self.end_replayed(&session, now).await?;
                    return Err(SessionError::InvalidRefreshToken);
                }
                Worth::Converge => {}
                Worth::Spend => session.counter += 1,
            }
            let granted = scopes::grant(scope, &live.scope(&session.scope))?;
            let tokens = self.tokens(&session, granted)?;
            if worth == Worth::Converge
                || self.ports.store.autocommit().sessions().advance(id, claim.counter, now).await?
            {
                return Ok(tokens);
            }
        }
        Err(SessionError::InvalidRefreshToken)
    }

    async fn end_replayed(&self, session: &Session, now: OffsetDateTime) -> Result<(), SessionError> {
        self.ports.store.autocommit().sessions().revoke(session.user, session.id, now).await?;
        self.ports.changes.changed(session.user);
        Ok(())
    }
}
