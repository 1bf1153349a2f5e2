//! Sessions: one row a login. Every access token names its session, so ending the session ends its tokens.

use std::fmt;
use std::net::IpAddr;

use async_trait::async_trait;
use keyward_auth::{AccessToken, RefreshToken, ScopeSet, TokenError};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::clients::ClientId;
use crate::failure::{Failure, Kind};
use crate::hashing::HashingError;
use crate::scopes::{InvalidScope, Role};
use crate::store::StoreError;
use crate::throttle::{ThrottleError, Throttled};
use crate::users::{UserError, UserId};
use crate::verification::VerificationError;

pub use crate::login::{Login, Sessions};

/// The id of a session: a `UUIDv7`, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub Uuid);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who is asking: a user, through one of their sessions, with what was granted to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Their account.
    pub id: UserId,
    /// The session their token names.
    pub session: SessionId,
    /// What they may do with this token.
    pub scope: ScopeSet,
}

/// What somebody logs in from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// Its network address.
    pub ip: Option<IpAddr>,
}

/// A login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The id.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// What was granted at login: refreshing never widens it.
    pub scope: ScopeSet,
    /// The OAuth2 client it was opened through, which alone may refresh it.
    pub client: Option<ClientId>,
    /// What they logged in from.
    pub device: Device,
    /// When they logged in.
    pub created_at: OffsetDateTime,
    /// When they last logged in or refreshed.
    pub last_seen_at: OffsetDateTime,
    /// How many refresh tokens were spent: the counter of the one that is good now.
    pub counter: u64,
    /// Makes its refresh tokens its own; together with the master secret, which the store never sees.
    pub salt: [u8; 16],
}

/// A session that stands, with what its user may do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSession {
    /// The session.
    pub session: Session,
    /// The user's role at this moment, which bounds every scope granted before.
    pub role: Role,
}

/// Where sessions are kept.
#[async_trait]
pub trait SessionRepository: Send {
    /// Adds a session; [`StoreError::Dangling`] when its user is gone.
    async fn insert(&mut self, session: &Session) -> Result<(), StoreError>;
    /// The session of that id, unless it was revoked or its user is locked out.
    async fn live(&mut self, id: SessionId) -> Result<Option<LiveSession>, StoreError>;
    /// The sessions of a user that were not revoked, newest first; at most `limit`.
    async fn of_user(&mut self, user: UserId, limit: u64) -> Result<Vec<Session>, StoreError>;
    /// Spends the refresh token of that counter, if it is the good one of a session that stands; says whether it was.
    async fn advance(&mut self, id: SessionId, counter: u64, now: OffsetDateTime)
    -> Result<bool, StoreError>;
    /// Ends a session of this user, and tells the feed of it: in a transaction. Says whether it stood.
    async fn revoke(&mut self, user: UserId, id: SessionId, now: OffsetDateTime) -> Result<bool, StoreError>;
    /// Removes at most `limit` sessions that were revoked before `revoked` or last seen before `idle`; says how many.
    async fn remove_over(
        &mut self,
        revoked: OffsetDateTime,
        idle: OffsetDateTime,
        limit: u64,
    ) -> Result<u64, StoreError>;
    /// Ends every session of a user but `except`, and tells the feed of each: in a transaction. Says how many.
    async fn revoke_all(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError>;
    /// Ends at most `limit` sessions that were opened through a client, and tells the feed of each: in a transaction. Says
    /// whose they were, one entry a session.
    async fn revoke_some_of_client(
        &mut self,
        client: &ClientId,
        now: OffsetDateTime,
        limit: u64,
    ) -> Result<Vec<UserId>, StoreError>;
}

/// Why a use case of this module did not happen.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No such account, another password, or locked out: deliberately one answer.
    #[error("Invalid Credentials")]
    InvalidCredentials,
    /// The password is right, but the address is not verified yet: a code and a link are on their way.
    #[error("Please verify your e-mail address first: a code and a link are on their way to it.")]
    EmailUnverified,
    /// The refresh token is malformed, forged, spent, expired, or its session has ended.
    #[error("Invalid refresh token")]
    InvalidRefreshToken,
    /// It was spent long ago, and its session has been ended for that: the caller is told no more than above.
    #[error("Invalid refresh token")]
    RefreshTokenReused,
    /// A client's own token, which is good until it expires or the client is removed.
    #[error("A token of the client's own cannot be revoked.")]
    NotRevocable,
    /// The scope asked for cannot be granted.
    #[error(transparent)]
    Scope(#[from] InvalidScope),
    /// The caller has no such session.
    #[error("session with id: {0} was not found")]
    NotFound(SessionId),
    /// No account could be made.
    #[error(transparent)]
    User(#[from] UserError),
    /// Too many wrong passwords.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The mail that asks to verify the address.
    #[error(transparent)]
    Verification(Box<VerificationError>),
    /// The hashing pool.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing key.
    #[error("no access token could be signed")]
    Signing(#[from] TokenError),
}

impl Failure for SessionError {
    fn kind(&self) -> Kind {
        match self {
            Self::InvalidCredentials | Self::InvalidRefreshToken | Self::RefreshTokenReused => {
                Kind::Unauthenticated
            }
            Self::EmailUnverified => Kind::Forbidden,
            Self::Scope(_) | Self::NotRevocable => Kind::Invalid,
            Self::Throttled(_) => Kind::Throttled,
            Self::NotFound(_) => Kind::NotFound,
            Self::User(error) => error.kind(),
            Self::Verification(error) => error.kind(),
            Self::Hashing(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Signing(_) => Kind::Internal,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Throttled(throttled) => Some(throttled.seconds),
            _ => None,
        }
    }
}

impl From<VerificationError> for SessionError {
    fn from(error: VerificationError) -> Self {
        Self::Verification(Box::new(error))
    }
}

impl From<ThrottleError> for SessionError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled(throttled) => Self::Throttled(throttled),
            ThrottleError::Store(error) => Self::Store(error),
        }
    }
}

/// What a login hands out.
pub struct Tokens {
    /// Proves who is asking, for minutes.
    pub access: AccessToken,
    /// Buys the next pair, once.
    pub refresh: RefreshToken,
    /// What was granted.
    pub scope: ScopeSet,
}

/// How long logins last.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// A session that is not refreshed for so long is over.
    pub idle: Duration,
    /// A session is over after so long, however busy.
    pub absolute: Duration,
    /// How long the refresh token just spent still gets the current one: for lost answers and for two tabs at once.
    pub grace: Duration,
    /// How long after it was signed an access token may still be believed anywhere.
    pub access: Duration,
}

/// How far the clocks of replicas and of other services may differ from one another.
pub(crate) const CLOCKS: Duration = Duration::minutes(1);

impl Lifetimes {
    /// Whether the session is over by age alone.
    pub fn are_over(&self, session: &Session, now: OffsetDateTime) -> bool {
        now - session.last_seen_at >= self.idle || now - session.created_at >= self.absolute
    }

    /// When the session will be over if nobody refreshes it.
    pub fn end(&self, session: &Session) -> OffsetDateTime {
        (session.last_seen_at + self.idle).min(session.created_at + self.absolute)
    }

    /// How long a session that ended has to be told of: until none of its access tokens is good anywhere.
    pub fn remembered(&self) -> Duration {
        self.access + CLOCKS
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            idle: Duration::days(30),
            absolute: Duration::days(90),
            grace: Duration::seconds(10),
            access: Duration::minutes(15),
        }
    }
}
