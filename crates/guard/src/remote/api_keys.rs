//! API keys of a Keyward elsewhere, which it alone can check: it is asked, and its answers are remembered for a while.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use keyward_auth::{ApiKey, SecretHash};
use quick_cache::sync::Cache;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::introspection::{GoodKey, Introspection};
use crate::authenticator::unix_now;
use crate::{Principal, Refusal};

/// How many answers are remembered. Beyond these, those go that were asked for least.
const REMEMBERED: usize = 10_000;

/// Checks API keys. Answers are remembered by the hash of the key, for `bound` from the question on.
#[derive(Debug)]
pub(super) struct ApiKeys {
    introspection: Introspection,
    bound: Duration,
    answers: Cache<[u8; 32], Answer>,
}

/// What the issuer answers to a question, which was put at some time. Of many callers with the same key one asks.
#[derive(Clone, Debug)]
struct Answer {
    asked: Instant,
    key: Arc<OnceCell<Result<Option<GoodKey>, Unanswered>>>,
}

/// The issuer did not answer. Those who wait share that: otherwise they would ask one after the other.
#[derive(Clone, Copy, Debug)]
struct Unanswered;

impl ApiKeys {
    /// Keys that the issuer is asked about; with a `bound` of zero, at each call.
    pub(super) fn new(introspection: Introspection, bound: Duration) -> Self {
        Self { introspection, bound, answers: Cache::new(REMEMBERED) }
    }

    /// Where keys are asked about.
    pub(super) fn introspection(&self) -> &Introspection {
        &self.introspection
    }

    /// Whose key this is. One with a wrong checksum costs no question.
    pub(super) async fn check(&self, text: &str) -> Result<Principal, Refusal> {
        let hash = ApiKey::hash_of(text).ok_or(Refusal::InvalidToken)?;
        let answer = self.answer(&hash);
        let ask = async || {
            self.introspection.api_key(text).await.map_err(|error| {
                tracing::warn!(cause = ?error, "the issuer could not be asked about an API key");
                Unanswered
            })
        };
        let Ok(found) = answer.key.get_or_init(ask).await else {
            self.forget(&hash, &answer);
            return Err(Refusal::Unavailable);
        };
        let GoodKey { principal, expires_at } = found.as_ref().ok_or(Refusal::InvalidToken)?;
        if expires_at.is_some_and(|at| at <= unix_now()) {
            return Err(Refusal::Expired);
        }
        Ok(principal.clone())
    }

    /// Removes this answer, and not one that has taken its place.
    fn forget(&self, hash: &SecretHash, answer: &Answer) {
        self.answers.remove_if(hash.as_bytes(), |kept| Arc::ptr_eq(&kept.key, &answer.key));
    }

    /// The answer that is remembered, or a new one that nothing is known of yet.
    fn answer(&self, hash: &SecretHash) -> Answer {
        let new = || Answer { asked: Instant::now(), key: Arc::default() };
        if self.bound.is_zero() {
            return new();
        }
        if let Some(known) = self.answers.get(hash.as_bytes()) {
            if known.asked.elapsed() < self.bound {
                return known;
            }
            self.forget(hash, &known);
        }
        let Ok(answer) = self.answers.get_or_insert_with(hash.as_bytes(), || Ok::<_, Infallible>(new()));
        answer
    }
}
