//! Sessions and their repository.

use std::fmt;
use std::net::IpAddr;

use async_trait::async_trait;
use keyward_auth::{ScopeSet, Thumbprint};
use time::OffsetDateTime;

use super::store_error::StoreError;
use crate::values::ids::{ClientId, SessionId, UserId};
use crate::values::origin::Device;
use crate::values::proof::Proof;
use crate::values::scopes::Role;

#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    /// What was granted at login: refreshing never widens it.
    pub scope: ScopeSet,
    /// The OAuth2 client it was opened through, which alone may refresh it.
    pub client: Option<ClientId>,
    /// The browser session in which the client was allowed it, and with which it ends.
    pub parent: Option<SessionId>,
    /// The browser session in which the client was allowed it, where it goes on after that one has ended.
    pub opened_in: Option<SessionId>,
    /// The services that its access tokens are for; empty for this server.
    pub audience: Vec<String>,
    /// What they logged in from.
    pub device: Device,
    /// When they logged in.
    pub created_at: OffsetDateTime,
    /// When they last logged in or refreshed.
    pub last_seen_at: OffsetDateTime,
    /// How and when they last proved who they are. A refresh leaves it as it is.
    pub proof: Proof,
    /// How many refresh tokens were spent: the counter of the one that is good now.
    pub counter: u64,
    /// The key to which its refresh tokens are bound (RFC 9449): every refresh takes a proof by it. A client that has a secret is bound by
    /// that.
    pub key: Option<Thumbprint>,
    /// Makes its refresh tokens its own; together with the master secret, which the store never sees.
    pub salt: [u8; 16],
}

/// Without the salt.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            user,
            scope,
            client,
            parent,
            opened_in,
            audience,
            device,
            created_at,
            last_seen_at,
            proof,
            counter,
            key,
            salt: _,
        } = self;
        f.debug_struct("Session")
            .field("id", id)
            .field("user", user)
            .field("scope", scope)
            .field("client", client)
            .field("parent", parent)
            .field("opened_in", opened_in)
            .field("audience", audience)
            .field("device", device)
            .field("created_at", created_at)
            .field("last_seen_at", last_seen_at)
            .field("proof", proof)
            .field("counter", counter)
            .field("key", key)
            .finish_non_exhaustive()
    }
}

/// A session that stands, with what its user may do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSession {
    pub session: Session,
    /// The user's role at this moment, which bounds every scope granted before.
    pub role: Role,
}

/// A session that was revoked, for as long as its row is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSession {
    /// The session.
    pub session: Session,
    /// Whether a refresh token that was used twice ended it.
    pub by_reuse: bool,
}

/// A refresh token to be spent, and what its session has to be like for that: besides, it must not have been opened through a
/// client, nor end with another session, nor be bound to a key. Those ask for more than one statement says.
#[derive(Clone)]
pub struct Spend {
    pub session: SessionId,
    /// The counter that the token names, which must be the session's.
    pub counter: u64,
    /// The salt that the token names, which must be the session's.
    pub salt: [u8; 16],
    /// When it is spent.
    pub now: OffsetDateTime,
    /// The session must have been seen later than this.
    pub seen_after: OffsetDateTime,
    /// The session must have been opened later than this.
    pub created_after: OffsetDateTime,
}

/// The outcome of a [`Spend`]: the session as it is afterwards, or `None` where it is not as it has to be and nothing changed.
pub type Spent = Result<Option<LiveSession>, StoreError>;

#[async_trait]
pub trait SessionRepository: Send {
    /// Adds a session; [`StoreError::Dangling`] when its account has been deleted.
    async fn insert(&mut self, session: &Session) -> Result<(), StoreError>;
    /// Finds a session, unless it was revoked or its user is disabled.
    async fn live(&mut self, id: SessionId) -> Result<Option<LiveSession>, StoreError>;
    /// Returns a user's sessions that were not revoked and whose ids are below `after`, by descending id, which is newest
    /// first; at most `limit`.
    async fn of_user(
        &mut self,
        user: UserId,
        after: Option<SessionId>,
        limit: u64,
    ) -> Result<Vec<Session>, StoreError>;
    /// Finds a session that was revoked, while its row is kept.
    async fn ended(&mut self, id: SessionId) -> Result<Option<EndedSession>, StoreError>;
    /// Spends the refresh token with that counter, if it is the current one of a live session that is bound to `key` or, with a key, to
    /// none yet: then it is bound to that one. Returns whether it was.
    async fn advance(
        &mut self,
        id: SessionId,
        counter: u64,
        key: Option<&Thumbprint>,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// Binds a live session with that counter to `key`, unless it is bound to another. Returns whether it is bound to that one now.
    async fn bind(&mut self, id: SessionId, counter: u64, key: &Thumbprint) -> Result<bool, StoreError>;
    /// Spends refresh tokens of different sessions, each for itself: one whose session is not as it has to be, or cannot be
    /// read, holds up no other. One that another transaction has locked may count as not as it has to be. Returns the outcomes
    /// in the order of `tokens`.
    async fn spend(&mut self, tokens: &[Spend]) -> Result<Vec<Spent>, StoreError>;
    /// Returns the IP addresses that the user's newest sessions were opened from, ended ones included, at most `limit`.
    async fn addresses(&mut self, user: UserId, limit: u64) -> Result<Vec<IpAddr>, StoreError>;
    /// Returns the clients that a user's sessions which were not revoked were opened through, each once, at most `limit`.
    async fn clients_of(&mut self, user: UserId, limit: u64) -> Result<Vec<ClientId>, StoreError>;
    /// Returns at most `limit` accounts whose id is above `after`, by ascending id, each with the number of its sessions that
    /// were not revoked.
    async fn count_by_user(&mut self, after: UserId, limit: u64) -> Result<Vec<(UserId, u64)>, StoreError>;
    /// Removes at most `limit` sessions that were revoked before `revoked` or last seen before the day (in UTC) of `idle`.
    /// Returns the number removed.
    async fn remove_over(
        &mut self,
        revoked: OffsetDateTime,
        idle: OffsetDateTime,
        limit: u64,
    ) -> Result<u64, StoreError>;
}

/// Changes how a session was proven. Only a transaction has it: it announces itself when it commits.
#[async_trait]
pub trait SessionProofs: Send {
    /// Notes this proof in a session of this user that stands. Returns whether it does.
    async fn prove(&mut self, user: UserId, id: SessionId, proof: &Proof) -> Result<bool, StoreError>;
}

/// Ends sessions. Only a transaction has these: each writes to the revocation feed and announces itself when it commits.
#[async_trait]
pub trait SessionEndings: Send {
    /// Ends a session of this user, and those that end with it. Returns whether it was live.
    async fn revoke(&mut self, user: UserId, id: SessionId, now: OffsetDateTime) -> Result<bool, StoreError>;
    /// Ends a session of this user because a refresh token of it was used twice, and keeps that reason. Returns whether it was
    /// live.
    async fn revoke_reused(
        &mut self,
        user: UserId,
        id: SessionId,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// Ends every session of a user but `except`, and removes what they allowed to devices that have not fetched their tokens yet.
    /// Returns the number of sessions ended.
    async fn revoke_all(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError>;
    /// Ends at most `limit` of the user's sessions beyond the `most` that were seen last, and those that end with them. Sessions
    /// that a client was granted through the browser do not count. Returns those ended.
    async fn revoke_surplus(
        &mut self,
        user: UserId,
        most: u64,
        now: OffsetDateTime,
        limit: u64,
    ) -> Result<Vec<SessionId>, StoreError>;
    /// The same for what one client was granted through the browser: in the session `parent`, or, without, beyond it.
    async fn revoke_surplus_of_client(
        &mut self,
        user: UserId,
        parent: Option<SessionId>,
        client: &ClientId,
        most: u64,
        now: OffsetDateTime,
    ) -> Result<Vec<SessionId>, StoreError>;
    /// Ends the sessions of a user that were opened through a client. Returns the number ended.
    async fn revoke_of_client(
        &mut self,
        user: UserId,
        client: &ClientId,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError>;
    /// Ends at most `limit` sessions that were opened through a client. Returns the number ended.
    async fn revoke_some_of_client(
        &mut self,
        client: &ClientId,
        now: OffsetDateTime,
        limit: u64,
    ) -> Result<u64, StoreError>;
}
