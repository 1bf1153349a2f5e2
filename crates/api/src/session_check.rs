//! Whether a token's session still stands: asked on every locked request, answered from memory when that is safe.
//!
//! An answer is remembered for at most the revocation bound, and forgotten at once when this process changes anything
//! about the user, or hears that another one did. For that every user has an epoch: an answer holds only while the epoch read *before* asking the
//! database is still the user's epoch, so a change can never be overtaken by an answer from before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use keyward_auth::{JwtVerifier, MemoryUse, TokenVerifier};
use keyward_domain::clock::Clock;
use keyward_domain::ports::Changes;
use keyward_domain::sessions::{LiveSession, SessionId, Sessions};
use keyward_domain::store::StoreError;
use keyward_domain::users::UserId;
use keyward_guard::{Authenticator, Principal, Refusal};
use tokio::sync::watch;

use crate::metrics::CacheUse;
use crate::remembered::Remembered;

/// How many epochs there are; users share them by id, which costs a forgotten answer now and then.
const EPOCHS: usize = 4096;

/// When anything last changed about whom.
pub struct Epochs {
    users: Box<[AtomicU64]>,
    /// Wakes whoever waits for a change, whomever it is about.
    any: watch::Sender<()>,
}

impl Default for Epochs {
    fn default() -> Self {
        Self { users: (0..EPOCHS).map(|_| AtomicU64::new(0)).collect(), any: watch::Sender::default() }
    }
}

impl Epochs {
    fn of(&self, user: UserId) -> &AtomicU64 {
        let index = user.0.unsigned_abs() % EPOCHS as u64;
        &self.users[usize::try_from(index).unwrap_or(0)]
    }

    /// The epoch of this user.
    pub(crate) fn now(&self, user: UserId) -> u64 {
        self.of(user).load(Ordering::SeqCst)
    }
}

impl Epochs {
    /// Anything may have changed about anybody.
    pub fn all_changed(&self) {
        for epoch in &self.users {
            epoch.fetch_add(1, Ordering::SeqCst);
        }
        self.any.send_replace(());
    }

    /// Changes from now on, about anybody.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.any.subscribe()
    }
}

impl Changes for Epochs {
    fn changed(&self, user: UserId) {
        self.of(user).fetch_add(1, Ordering::SeqCst);
        self.any.send_replace(());
    }
}

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
