//! Whether a token's session still stands: asked on every locked request, answered from memory when that is
//! safe.
//!
//! An answer is remembered for at most the revocation bound, and forgotten at once when this process changes
//! anything about the user, or is notified that another one did (`epochs.rs`).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use keyward_auth::{JwtVerifier, MemoryUse, TokenVerifier};
use keyward_domain::clock::Clock;
use keyward_domain::sessions::{LiveSession, SessionId, Sessions};
use keyward_domain::store::StoreError;
use keyward_domain::users::UserId;
use keyward_guard::{Authenticator, Principal, Refusal};

use super::cache_use::CacheUse;
use super::epochs::Epochs;
use super::remembered::Remembered;

/// Tokens that verify, of sessions that stand, of users who are not locked out.
pub struct SessionCheck {
    verifier: Arc<JwtVerifier>,
    clock: Arc<dyn Clock>,
    sessions: Sessions,
    remembered: Remembered<SessionId, Option<Arc<LiveSession>>>,
}

impl SessionCheck {
    /// A check that remembers answers for at most `bound`.
    pub fn new(
        verifier: Arc<JwtVerifier>,
        clock: Arc<dyn Clock>,
        sessions: Sessions,
        epochs: Arc<Epochs>,
        bound: Duration,
    ) -> Self {
        let remembered = Remembered::new("sessions", epochs, bound);
        Self { verifier, clock, sessions, remembered }
    }

    /// The session of that id and user, if it stands.
    async fn live(&self, id: SessionId, user: UserId) -> Result<Option<Arc<LiveSession>>, Refusal> {
        let look = || async { Ok(self.sessions.live(id).await?.map(Arc::new)) };
        let live = self.remembered.get(id, user, look).await;
        let live = live.map_err(|error: Arc<StoreError>| {
            tracing::warn!(cause = ?error, "a session could not be looked up");
            Refusal::Unavailable
        })?;
        Ok(live.filter(|live| live.session.user == user))
    }

    /// How much the memories of tokens and of sessions are used.
    pub(crate) fn usage(&self) -> [CacheUse; 2] {
        let MemoryUse { hits, misses, entries, capacity } = self.verifier.memory();
        [CacheUse { name: "tokens", hits, misses, entries, capacity }, self.remembered.usage()]
    }
}

#[async_trait]
impl Authenticator for SessionCheck {
    async fn authenticate(&self, token: &str) -> Result<Principal, Refusal> {
        let claims = self.verifier.verify_shared(token, self.clock.now().unix_timestamp())?;
        let user = claims.sub.parse().map(UserId).map_err(|_| Refusal::InvalidToken)?;
        let session = claims.sid.as_deref().and_then(|sid| sid.parse().ok()).map(SessionId);
        let id = session.ok_or(Refusal::InvalidToken)?;
        let live = self.live(id, user).await?.ok_or(Refusal::InvalidToken)?;
        Ok(Principal {
            subject: claims.sub.clone(),
            session: claims.sid.clone(),
            scope: self.sessions.grants().bound(live.role, &claims.scope),
        })
    }
}
