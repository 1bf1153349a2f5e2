//! Whether a token's session still stands: asked on every locked request, answered from memory when that is safe.
//!
//! An answer is remembered for at most the revocation bound, and forgotten at once when this process changes anything
//! about the user, or hears that another one did. For that every user has an epoch: an answer holds only while the epoch read *before* asking the
//! database is still the user's epoch, so a change can never be overtaken by an answer from before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use keyward_auth::TokenVerifier;
use keyward_domain::clock::Clock;
use keyward_domain::ports::Changes;
use keyward_domain::sessions::{LiveSession, SessionId, Sessions};
use keyward_domain::users::UserId;
use keyward_guard::{Authenticator, Principal, Refusal};
use moka::future::Cache;

use crate::metrics::{CacheUse, Caches};

/// How many sessions are remembered.
const REMEMBERED: u64 = 100_000;

/// How many epochs there are; users share them by id, which costs a forgotten answer now and then.
const EPOCHS: usize = 4096;

/// When anything last changed about whom.
pub struct Epochs(Box<[AtomicU64]>);

impl Default for Epochs {
    fn default() -> Self {
        Self((0..EPOCHS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Epochs {
    fn of(&self, user: UserId) -> &AtomicU64 {
        let index = user.0.unsigned_abs() % EPOCHS as u64;
        &self.0[usize::try_from(index).unwrap_or(0)]
    }

    fn now(&self, user: UserId) -> u64 {
        self.of(user).load(Ordering::SeqCst)
    }
}

impl Epochs {
    /// Anything may have changed about anybody.
    pub fn all_changed(&self) {
        for epoch in &self.0 {
            epoch.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Changes for Epochs {
    fn changed(&self, user: UserId) {
        self.of(user).fetch_add(1, Ordering::SeqCst);
    }
}

/// What the database said of a session, and in which epoch it was asked.
#[derive(Clone)]
struct Answer {
    epoch: u64,
    live: Option<Arc<LiveSession>>,
}

/// Tokens that verify, of sessions that stand, of users who are not locked out.
pub struct SessionCheck {
    verifier: Arc<dyn TokenVerifier>,
    clock: Arc<dyn Clock>,
    sessions: Sessions,
    epochs: Arc<Epochs>,
    answers: Cache<SessionId, Answer>,
    asked: AtomicU64,
    missed: AtomicU64,
}

impl SessionCheck {
    /// A check that remembers answers for at most `bound`.
    pub fn new(
        verifier: Arc<dyn TokenVerifier>,
        clock: Arc<dyn Clock>,
        sessions: Sessions,
        epochs: Arc<Epochs>,
        bound: Duration,
    ) -> Self {
        let answers = Cache::builder().max_capacity(REMEMBERED).time_to_live(bound).build();
        let (asked, missed) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { verifier, clock, sessions, epochs, answers, asked, missed }
    }

    /// The session of that id and user, if it stands.
    async fn live(&self, id: SessionId, user: UserId) -> Result<Option<Arc<LiveSession>>, Refusal> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        loop {
            let answer = self
                .answers
                .try_get_with(id, async {
                    self.missed.fetch_add(1, Ordering::Relaxed);
                    let epoch = self.epochs.now(user);
                    let live = self.sessions.live(id).await?;
                    Ok(Answer { epoch, live: live.map(Arc::new) })
                })
                .await
                .map_err(|error: Arc<keyward_domain::store::StoreError>| {
                    tracing::warn!(cause = ?error, "a session could not be looked up");
                    Refusal::Unavailable
                })?;
            if answer.epoch == self.epochs.now(user) {
                return Ok(answer.live.filter(|live| live.session.user == user));
            }
            self.answers.invalidate(&id).await;
        }
    }
}

impl Caches for SessionCheck {
    fn caches(&self) -> Vec<CacheUse> {
        let (asked, misses) = (self.asked.load(Ordering::Relaxed), self.missed.load(Ordering::Relaxed));
        let (hits, entries) = (asked.saturating_sub(misses), self.answers.entry_count());
        vec![CacheUse { name: "sessions", hits, misses, entries, capacity: REMEMBERED }]
    }
}

#[async_trait]
impl Authenticator for SessionCheck {
    async fn authenticate(&self, token: &str) -> Result<Principal, Refusal> {
        let claims = self.verifier.verify(token, self.clock.now().unix_timestamp())?;
        let user = claims.sub.parse().map(UserId).map_err(|_| Refusal::InvalidToken)?;
        let session = claims.sid.as_deref().and_then(|sid| sid.parse().ok()).map(SessionId);
        let id = session.ok_or(Refusal::InvalidToken)?;
        let live = self.live(id, user).await?.ok_or(Refusal::InvalidToken)?;
        let mut principal = Principal::from(claims);
        principal.scope = live.scope(&principal.scope);
        Ok(principal)
    }
}
