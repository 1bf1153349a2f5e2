//! Whether a token's session still stands: asked on every locked request, answered from memory when that is
//! safe.
//!
//! An answer is remembered for at most the revocation bound, and forgotten at once when this process changes
//! anything about the user, or is notified that another one did (`epochs.rs`).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::ConnectInfo;
use axum::http::Extensions;
use keyward_auth::{ApiKey, JwtVerifier, MemoryUse, TokenVerifier};
use keyward_domain::identity::standing_keys::StandingKeys;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::sessions::opening::Opening;
use keyward_domain::sessions::standing::{Standing, StandingSessions};
use keyward_domain::values::actor::{Actor, Via};
use keyward_domain::values::clock::Clock;
use keyward_domain::values::ids::SessionId;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::proof::Proof;
use keyward_guard::{Authenticator, ProofCheck, Refusal};
use time::OffsetDateTime;

use super::cache_use::CacheUse;
use super::epochs::Epochs;
use super::key_check::KeyCheck;
use super::key_uses::KeyUses;
use super::remembered::Remembered;

/// Tokens that verify, of sessions that stand, of users who are not locked out; and API keys.
pub struct SessionCheck {
    verifier: Arc<JwtVerifier>,
    clock: Arc<dyn Clock>,
    opening: Opening,
    standing: StandingSessions,
    remembered: Remembered<SessionId, Option<Arc<Standing>>, StoreError>,
    api_keys: KeyCheck,
    proofs: ProofCheck,
}

impl SessionCheck {
    /// A check that remembers answers for at most `bound`; `proofs` checks those of bound tokens.
    pub fn new(
        verifier: Arc<JwtVerifier>,
        clock: Arc<dyn Clock>,
        opening: Opening,
        api_keys: StandingKeys,
        epochs: Arc<Epochs>,
        bound: Duration,
        proofs: ProofCheck,
    ) -> Self {
        let remembered = Remembered::new("sessions", Arc::clone(&epochs), bound);
        let api_keys = KeyCheck::new(Arc::clone(&clock), api_keys, epochs, bound);
        Self {
            verifier,
            clock,
            standing: StandingSessions::new(&opening),
            opening,
            remembered,
            api_keys,
            proofs,
        }
    }

    /// The session of that id and user, if it stands.
    async fn standing(
        &self,
        id: SessionId,
        user: UserId,
        now: OffsetDateTime,
    ) -> Result<Option<Arc<Standing>>, Refusal> {
        let stands = |found: &Standing| now < found.until;
        // One that is over by what is remembered may have been used since.
        let still = |known: &Option<Arc<Standing>>| known.as_deref().is_none_or(stands);
        let look = || async { Ok(self.standing.find(id).await?.filter(stands).map(Arc::new)) };
        let found = self.remembered.get_while(id, user, still, look).await;
        let found = found.map_err(|error: Arc<StoreError>| {
            tracing::warn!(cause = ?error, "a session could not be looked up");
            Refusal::Unavailable
        })?;
        Ok(found.filter(|found| found.live.session.user == user && stands(found)))
    }

    /// Notes uses of API keys.
    pub(crate) fn key_uses(&self) -> KeyUses {
        self.api_keys.uses()
    }

    /// How much the memories of tokens, of sessions and of API keys are used.
    pub(crate) fn usage(&self) -> [CacheUse; 3] {
        let MemoryUse { hits, misses, entries, capacity } = self.verifier.memory();
        [
            CacheUse { name: "tokens", hits, misses, entries, capacity },
            self.remembered.usage(),
            self.api_keys.usage(),
        ]
    }

    /// The actor of an access token that `verifier` accepts.
    pub(crate) async fn by(&self, verifier: &JwtVerifier, token: &str) -> Result<Actor, Refusal> {
        let now = self.clock.now();
        let claims = verifier.verify_shared(token, now.unix_timestamp())?;
        let who = claims.sub.parse().map(UserId).map_err(|_| Refusal::InvalidToken)?;
        let sid = claims.sid.as_deref().ok_or(Refusal::InvalidToken)?;
        let id = sid.parse().map(SessionId).map_err(|_| Refusal::InvalidToken)?;
        let standing = self.standing(id, who, now).await?.ok_or(Refusal::InvalidToken)?;
        let live = &standing.live;
        // Both at once, because a span's fields are written anew each time.
        let span = tracing::Span::current();
        tracing::record_all!(span, user = who.0, session = sid);
        let proof = Proof::of_claims(&claims).within(&live.session.proof);
        let scope = self.opening.standing_scope(live.role, &proof, &claims.scope);
        let via = if claims.client_id.is_some() { Via::ClientSession(id) } else { Via::Session(id) };
        Ok(Actor { who, via, scope, proof, confirmation: claims.cnf.clone() })
    }
}

#[async_trait]
impl Authenticator<Actor> for SessionCheck {
    async fn authenticate(&self, token: &str) -> Result<Actor, Refusal> {
        if ApiKey::looks_like(token) {
            return Box::pin(self.api_keys.authenticate(token, None)).await;
        }
        self.by(&self.verifier, token).await
    }

    async fn authenticate_request(&self, token: &str, extensions: &Extensions) -> Result<Actor, Refusal> {
        if ApiKey::looks_like(token) {
            let from = extensions.get::<ConnectInfo<SocketAddr>>();
            let from = from.map(|ConnectInfo(address)| address.ip().to_canonical());
            // Boxed, so that a request with an access token has no room for what this takes.
            return Box::pin(self.api_keys.authenticate(token, from)).await;
        }
        self.by(&self.verifier, token).await
    }

    /// Tokens are verified by signature, API keys by checksum and hash.
    fn takes_any_text(&self) -> bool {
        true
    }

    fn proofs(&self) -> Option<&ProofCheck> {
        Some(&self.proofs)
    }

    fn now(&self) -> i64 {
        self.clock.now().unix_timestamp()
    }
}
