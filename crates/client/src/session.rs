//! A session: its access token, renewed in time by one caller while the others wait.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::Error;
use crate::address::Address;
use crate::endpoints::Endpoints;
use crate::grant::{Grant, Renewal};

/// How long before its end a token is replaced: a tenth of its lifetime, and no more than this.
const AHEAD: Duration = Duration::from_mins(1);
/// How long a good token is used on when its replacement failed, before the next try.
const PAUSE: Duration = Duration::from_secs(5);

/// A logged-in session. Clones share the tokens; dropping them does not log out.
#[derive(Clone)]
pub struct Session {
    keyward: Endpoints,
    /// Where calls go.
    address: Address,
    /// None once the session is over.
    tokens: Arc<Mutex<Option<Tokens>>>,
}

struct Tokens {
    access: String,
    renewal: Renewal,
    renew_at: Instant,
    expires_at: Instant,
    failed_at: Option<Instant>,
}

impl From<Grant> for Tokens {
    fn from(grant: Grant) -> Self {
        let (now, lifetime) = (Instant::now(), Duration::from_secs(grant.expires_in.into()));
        Self {
            access: grant.access_token,
            renewal: grant.renewal,
            renew_at: now + lifetime.saturating_sub(AHEAD.min(lifetime / 10)),
            expires_at: now + lifetime,
            failed_at: None,
        }
    }
}

impl Session {
    pub(crate) fn new(keyward: Endpoints, grant: Grant) -> Self {
        let address = keyward.address.clone();
        Self { keyward, address, tokens: Arc::new(Mutex::new(Some(grant.into()))) }
    }

    /// The same session, whose calls go to another service: one that trusts this Keyward's tokens.
    ///
    /// # Errors
    ///
    /// [`Error::Address`] as [`Keyward::at`](crate::Keyward::at).
    pub fn at(&self, address: &str) -> Result<Self, Error> {
        Ok(Self { address: Address::parse(address)?, ..self.clone() })
    }

    /// An access token that is good now, for callers that do without [`Call`](crate::Call): gRPC metadata, a
    /// WebSocket. Keep it out of logs.
    ///
    /// # Errors
    ///
    /// [`Error::SessionOver`]; [`Error::Unavailable`] if it has expired and Keyward gives no other.
    pub async fn token(&self) -> Result<String, Error> {
        self.fresh(None).await
    }

    /// A request to a path where calls go.
    pub(crate) fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Error> {
        Ok(self.keyward.http.request(method, self.address.join(path)?))
    }

    /// The same session, whose calls go to Keyward itself.
    pub(crate) fn at_keyward(&self) -> Self {
        Self { address: self.keyward.address.clone(), ..self.clone() }
    }

    /// Drops the tokens, and what the next ones are fetched with.
    pub(crate) async fn forget(&self) {
        *self.tokens.lock().await = None;
    }

    /// Drops the tokens of a client, and the secret with them; those of a user stay.
    pub(crate) async fn forget_client(&self) {
        let mut tokens = self.tokens.lock().await;
        if tokens.as_ref().is_some_and(|tokens| matches!(tokens.renewal, Renewal::Client(_))) {
            *tokens = None;
        }
    }

    /// A token that is good by our clock, and not the one that was `refused`, if any.
    ///
    /// The first caller that finds it stale refreshes while the others wait for the lock; when they get it, there is a new one.
    pub(crate) async fn fresh(&self, refused: Option<&str>) -> Result<String, Error> {
        let asked_at = Instant::now();
        let guard = Arc::clone(&self.tokens).lock_owned().await;
        let tokens = guard.as_ref().ok_or(Error::SessionOver)?;
        let good = match refused {
            Some(refused) => tokens.access != refused,
            None => asked_at < tokens.renew_at,
        };
        if good {
            return Ok(tokens.access.clone());
        }
        if tokens.failed_at.is_some_and(|failed_at| failed_at > asked_at) {
            // Another caller has tried since: waiters must not try one after the other.
            return Err(Error::Unavailable { retry_after: None });
        }
        // In a task of its own, for the caller may give up, and the answer holds the only refresh token that is good.
        let renewal = tokio::spawn(renew(self.keyward.clone(), guard, refused.is_some()));
        renewal.await.unwrap_or(Err(Error::Unavailable { retry_after: None }))
    }
}

/// Fetches the next token. If that fails for now, a token that was not refused is used until it expires.
async fn renew(
    keyward: Endpoints,
    mut guard: OwnedMutexGuard<Option<Tokens>>,
    refused: bool,
) -> Result<String, Error> {
    let tokens = guard.as_mut().ok_or(Error::SessionOver)?;
    match keyward.renew(&tokens.renewal).await {
        Ok(grant) => {
            *tokens = grant.into();
            Ok(tokens.access.clone())
        }
        Err(Error::SessionOver | Error::InvalidClient) => {
            *guard = None;
            Err(Error::SessionOver)
        }
        Err(error) => {
            let now = Instant::now();
            tokens.failed_at = Some(now);
            if refused || now >= tokens.expires_at {
                return Err(error);
            }
            tokens.renew_at = tokens.expires_at.min(now + PAUSE);
            Ok(tokens.access.clone())
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("address", &self.address).finish_non_exhaustive()
    }
}
