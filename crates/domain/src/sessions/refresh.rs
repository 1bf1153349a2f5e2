//! Refresh: the rule that decides what a refresh token is worth, and the use case around it.
//!
//! A token is spent by one atomic `UPDATE` of its session's counter, so of any number of callers one wins. The
//! others, and a client that lost the answer, get the same successor within the grace; anything older is theft.
//!
//! Most refreshes are that one statement: its conditions are those under which [`judge`] says [`Worth::Spend`]. Where they do
//! not hold, the session is looked up to say why.

use std::sync::Arc;

use keyward_auth::{RefreshTokens, Thumbprint};
use time::OffsetDateTime;

use super::ending::end;
use super::error::SessionError;
use super::opening::{Opening, Tokens};
use super::standing::StandingSessions;
use crate::factors::policy::SecondFactor;
use crate::limits::budgets::Deed;
use crate::limits::throttle::Throttle;
use crate::model::clients::Client;
use crate::model::events::EventKind;
use crate::model::lifetimes::{CLOCKS, Lifetimes};
use crate::model::sessions::{EndedSession, LiveSession, Session, Spend};
use crate::values::by::{By, Means, Who};
use crate::values::ids::SessionId;
use crate::values::origin::Origin;
use crate::values::resource_uri::is_own;
use crate::values::scopes::{self, OFFLINE_ACCESS};

/// What a refresh token that names an existing session, and was signed for it, is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It is the good one: spend it.
    Spend,
    /// It was spent a moment ago: its owner gets the current successor.
    Converge,
    /// It was spent long ago: there is a copy of it.
    Replay,
    /// Nothing: the session is over by age.
    Expired,
    /// Nothing: the token is from a future that a restored backup forgot.
    Unknown,
}

/// Judges the token with `counter` of `session`.
pub fn judge(session: &Session, counter: u64, now: OffsetDateTime, lifetimes: &Lifetimes) -> Worth {
    if lifetimes.are_over(session, now) {
        Worth::Expired
    } else if counter > session.counter {
        Worth::Unknown
    } else if counter == session.counter {
        Worth::Spend
    } else if counter + 1 == session.counter && now - session.last_seen_at <= lifetimes.grace {
        Worth::Converge
    } else {
        Worth::Replay
    }
}

#[derive(Clone)]
pub struct Refresh {
    opening: Opening,
    standing: StandingSessions,
    throttle: Throttle,
    issuer: Arc<str>,
}

impl Refresh {
    /// The use case; `throttle` limits tokens that are not genuine, and `issuer` is this server's address.
    pub fn new(opening: Opening, throttle: Throttle, issuer: Arc<str>) -> Self {
        Self { standing: StandingSessions::new(&opening), opening, throttle, issuer }
    }

    /// Trades a refresh token for the next pair. `scope` narrows the access token; it never widens the session. `resource` is one of
    /// those that the session is for (RFC 8707, section 2.2).
    /// `key` is the key that the caller showed by a proof: the access token is bound to it, and a session that is bound takes no other.
    /// One that is not bound yet is from now on, unless its client has a secret (RFC 9449, section 5).
    /// `client` is the client that authenticated itself: a session opened through a client is that client's alone, and no
    /// client gets more than it is registered for.
    ///
    /// # Errors
    /// [`SessionError::InvalidRefreshToken`] for a token that is not genuine or another client's; for a genuine one, why its
    /// session is over. A replay also ends the session. [`SessionError::ForeignResource`] for another resource than was granted:
    /// the token stays good.
    pub async fn refresh(
        &self,
        token: &str,
        scope: Option<&str>,
        resource: Option<&str>,
        client: Option<&Client>,
        key: Option<&Thumbprint>,
        origin: &Origin,
    ) -> Result<Tokens, SessionError> {
        let resource = resource.filter(|resource| !resource.is_empty());
        // A key binds the session, and a scope or resource that is asked for may be refused, and the query for a second factor may fail: then nothing must have been spent.
        if key.is_none()
            && self.opening.policy == SecondFactor::Optional
            && scope.is_none_or(|scope| scope.trim().is_empty())
            && resource.is_none()
            && let Some(live) = self.at_once(token).await?
        {
            return self.narrowed(&live, None, client, None).await;
        }
        // A caller who loses the race judges again: the token it holds was spent a moment ago, or the session was bound.
        for _ in 0..3 {
            let Some((claim, mut live)) = self.standing.of_refresh_token(token).await? else {
                return Err(self.refused(token, client, key, origin).await?);
            };
            let session = &mut live.session;
            if !may_refresh(session, client, key) {
                return Err(SessionError::InvalidRefreshToken);
            }
            let now = self.opening.ports.clock.now();
            if !self.standing.parent_stands(session, now).await? {
                return Err(SessionError::Ended);
            }
            let worth = judge(session, claim.counter, now, &self.opening.lifetimes);
            match worth {
                Worth::Expired => return Err(SessionError::Expired),
                Worth::Unknown => return Err(SessionError::InvalidRefreshToken),
                Worth::Replay => {
                    // Of the two who hold a copy, which one this is cannot be known.
                    let by = By { who: Who::Unknown, via: Some(Means::Session(session.id)) };
                    let (ports, why) = (&self.opening.ports, EventKind::RefreshReused);
                    end(ports, session.user, session.id, why, by, origin).await?;
                    return Err(SessionError::RefreshTokenReused);
                }
                // Nothing is spent by a request for what was not granted.
                _ if resource.is_some_and(|asked| !is_for(session, asked, &self.issuer)) => {
                    return Err(SessionError::ForeignResource);
                }
                Worth::Converge => {}
                Worth::Spend => session.counter += 1,
            }
            let (id, counter) = (session.id, session.counter);
            let shown = key.filter(|_| is_bound_by_keys(session, client));
            let own = session.key.clone();
            let tokens = self.narrowed(&live, scope, client, key).await?;
            let mut repositories = self.opening.ports.store.autocommit();
            let sessions = repositories.sessions();
            let done = match (worth, shown) {
                (Worth::Spend, _) => sessions.advance(id, claim.counter, own.as_ref().or(shown), now).await?,
                // The successor is not handed out unbound to a caller that shows a key.
                (_, Some(key)) if own.is_none() => sessions.bind(id, counter, key).await?,
                _ => true,
            };
            if done {
                return Ok(tokens);
            }
        }
        Err(SessionError::InvalidRefreshToken)
    }

    /// Spends the token, if it is the good one of a live session that any caller may refresh. Of a token of an earlier version,
    /// and of a session that was opened through a client or ends with another, that cannot be said in one statement.
    async fn at_once(&self, token: &str) -> Result<Option<LiveSession>, SessionError> {
        let Some(claim) = self.standing.read(token) else { return Ok(None) };
        let Some(salt) = claim.salt() else { return Ok(None) };
        let (now, lifetimes) = (self.opening.ports.clock.now(), &self.opening.lifetimes);
        let spend = Spend {
            session: SessionId(claim.session),
            counter: claim.counter,
            salt: *salt,
            now,
            seen_after: now - lifetimes.idle,
            created_after: now - lifetimes.absolute,
        };
        Ok(self.opening.ports.store.spend(spend).await?)
    }

    /// The pair of tokens for the session's current state, with what of the scope its user and the client may have.
    async fn narrowed(
        &self,
        live: &LiveSession,
        scope: Option<&str>,
        client: Option<&Client>,
        key: Option<&Thumbprint>,
    ) -> Result<Tokens, SessionError> {
        let LiveSession { session, role } = live;
        let allowed = Client::bound(client, &self.opening.grants().bound(*role, &session.scope));
        let granted = scopes::grant(scope, &allowed)?;
        let mut repositories = self.opening.ports.store.autocommit();
        let granted = self.opening.narrowed(&mut *repositories, session, *role, granted).await?;
        Ok(self.opening.tokens(session, granted, key)?)
    }

    /// Why a token that names no live session is refused. Only the holder of a genuine one learns how its session ended. Any
    /// other token counts as an attempt, unless it is known to be forged: that costs no statement, and with 256 bits to guess
    /// there is nothing to ration.
    async fn refused(
        &self,
        token: &str,
        client: Option<&Client>,
        key: Option<&Thumbprint>,
        origin: &Origin,
    ) -> Result<SessionError, SessionError> {
        if RefreshTokens::parse(token).is_ok() && self.standing.read(token).is_none() {
            return Ok(SessionError::InvalidRefreshToken);
        }
        let Some(ended) = self.standing.ended_of_refresh_token(token).await? else {
            self.throttle.spend(Deed::Refresh, origin).await?;
            return Ok(SessionError::InvalidRefreshToken);
        };
        Ok(match ended {
            EndedSession { session, .. } if !may_refresh(&session, client, key) => {
                SessionError::InvalidRefreshToken
            }
            EndedSession { by_reuse: true, .. } => SessionError::RefreshTokenReused,
            EndedSession { by_reuse: false, .. } => SessionError::Ended,
        })
    }
}

/// Whether the session is for this service. One without an audience is for this server, which its address names.
fn is_for(session: &Session, resource: &str, issuer: &str) -> bool {
    if session.audience.is_empty() {
        return is_own(resource, issuer);
    }
    session.audience.iter().any(|own| own == resource)
}

/// Whether keys bind the session's refresh tokens: those of a client that has a secret are bound by that.
fn is_bound_by_keys(session: &Session, client: Option<&Client>) -> bool {
    session.client.is_none() || client.is_none_or(Client::is_public)
}

/// Whether the caller may refresh the session. One that is bound to a key takes a proof by it. One that was opened through a client is
/// that client's alone, not a later namesake's, and as long as it is registered for what the session is for. It was registered by
/// another machine's clock.
fn may_refresh(session: &Session, client: Option<&Client>, key: Option<&Thumbprint>) -> bool {
    if session.key.is_some() && session.key.as_ref() != key {
        return false;
    }
    let Some(owner) = &session.client else { return true };
    client.filter(|client| client.id == *owner).is_some_and(|client| {
        let Client { settings, created_at, .. } = client;
        let is_known = |audience: &String| settings.resources.iter().any(|own| own.as_str() == audience);
        session.created_at >= *created_at - CLOCKS
            && session.audience.iter().all(is_known)
            && (!session.scope.contains(OFFLINE_ACCESS) || settings.scope.contains(OFFLINE_ACCESS))
    })
}
