//! A session: its access token, renewed in time by one caller while the others wait.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};
use tokio::task::JoinHandle;

use crate::Error;
use crate::address::Address;
use crate::endpoints::Endpoints;
use crate::grant::{Grant, Renewal};
use crate::kept::Kept;

/// How long before its end a token is replaced: a tenth of its lifetime, and no more than this.
const AHEAD: Duration = Duration::from_mins(1);
/// How long a good token is used on when its replacement failed, before the next try.
const PAUSE: Duration = Duration::from_secs(5);

/// How long the next token is waited for while the last one is still good: all callers of one renewal together.
const SHORTLY: Duration = Duration::from_millis(250);
/// How long a service that refused a token and its replacement does not have another one fetched.
const REFUSING: Duration = Duration::from_mins(1);

/// A logged-in session. Clones share the tokens; dropping them does not log out.
#[derive(Clone)]
pub struct Session {
    keyward: Endpoints,
    /// Where calls go.
    address: Address,
    /// None once the session is over.
    tokens: Arc<Mutex<Option<Tokens>>>,
    /// Held while the next token is fetched: by one at a time.
    renewing: Arc<Turn<()>>,
    /// Since when.
    begun: Arc<Mutex<Option<Instant>>>,
    /// When the service at `address` last refused a token that had just been fetched because it refused the
    /// one before.
    refusing: Arc<Mutex<Option<Instant>>>,
    /// Where it is kept between the runs of a program, if anywhere.
    kept: Arc<OnceLock<Kept>>,
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
        let tokens = Arc::new(Mutex::new(Some(grant.into())));
        Self {
            keyward,
            address,
            tokens,
            renewing: Arc::default(),
            begun: Arc::default(),
            refusing: Arc::default(),
            kept: Arc::default(),
        }
    }

    /// The same session, whose calls go to another service: one that trusts this Keyward's tokens.
    ///
    /// # Errors
    ///
    /// [`Error::Address`] as [`Keyward::at`](crate::Keyward::at).
    pub fn at(&self, address: &str) -> Result<Self, Error> {
        Ok(Self { address: Address::parse(address)?, refusing: Arc::default(), ..self.clone() })
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
        Self { address: self.keyward.address.clone(), refusing: Arc::default(), ..self.clone() }
    }

    /// The Keyward that it is at.
    pub(crate) fn keyward(&self) -> &Endpoints {
        &self.keyward
    }

    pub(crate) fn kept(&self) -> Option<&Kept> {
        self.kept.get()
    }

    /// Notes where it is kept, once.
    pub(crate) fn set_kept(&self, kept: Kept) {
        drop(self.kept.set(kept));
    }

    /// Waits until no token is being fetched. None is until the guard is dropped.
    pub(crate) async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.renewing).lock_owned().await
    }

    /// Its tokens as they are now.
    pub(crate) fn grant(&self) -> Result<Grant, Error> {
        let tokens = lock(&self.tokens);
        let tokens = tokens.as_ref().ok_or(Error::SessionOver)?;
        let left = tokens.expires_at.saturating_duration_since(Instant::now()).as_secs();
        Ok(Grant {
            access_token: tokens.access.clone(),
            expires_in: u32::try_from(left).unwrap_or(u32::MAX),
            renewal: tokens.renewal.clone(),
        })
    }

    /// Drops the tokens, and what the next ones are fetched with.
    pub(crate) fn forget(&self) {
        *lock(&self.tokens) = None;
    }

    /// Drops the tokens of a client, and the secret with them, or an API key; the tokens of a user stay.
    pub(crate) fn forget_client(&self) {
        let mut tokens = lock(&self.tokens);
        if tokens
            .as_ref()
            .is_some_and(|tokens| matches!(tokens.renewal, Renewal::Client(_) | Renewal::ApiKey))
        {
            *tokens = None;
        }
    }

    /// Whether a token that the service refused is worth replacing: not if it refused the last replacement
    /// just now, nor if it is an API key.
    pub(crate) fn may_replace(&self) -> bool {
        if lock(&self.tokens).as_ref().is_some_and(|tokens| matches!(tokens.renewal, Renewal::ApiKey)) {
            return false;
        }
        !lock(&self.refusing).is_some_and(|since| since.elapsed() < REFUSING)
    }

    /// Remembers whether the service took the replacement of a token that it had refused.
    pub(crate) fn replaced(&self, taken: bool) {
        *lock(&self.refusing) = (!taken).then(Instant::now);
    }

    /// A token that is good by our clock, and not the one that was `refused`, if any.
    ///
    /// The first caller that finds it stale has the next one fetched. While the old one is valid, callers wait for that only
    /// shortly, and then use it.
    pub(crate) async fn fresh(&self, refused: Option<&str>) -> Result<String, Error> {
        let asked_at = Instant::now();
        let (token, left) = {
            let tokens = lock(&self.tokens);
            let tokens = tokens.as_ref().ok_or(Error::SessionOver)?;
            if is_good(tokens, asked_at, refused) {
                return Ok(tokens.access.clone());
            }
            (tokens.access.clone(), tokens.expires_at.saturating_duration_since(asked_at))
        };
        // The process must not end with a refresh token that was spent and whose successor was not written.
        if refused.is_some() || left.is_zero() || self.kept().is_some() {
            return self.next(asked_at, refused).await;
        }
        let waited = lock(&self.begun).map_or(Duration::ZERO, |begun| begun.elapsed());
        let shortly = SHORTLY.saturating_sub(waited).min(left);
        tokio::time::timeout(shortly, self.next(asked_at, None)).await.unwrap_or(Ok(token))
    }

    /// The next token, when the turn to fetch it has come.
    async fn next(&self, asked_at: Instant, refused: Option<&str>) -> Result<String, Error> {
        let turn = self.turn().await;
        {
            let tokens = lock(&self.tokens);
            let tokens = tokens.as_ref().ok_or(Error::SessionOver)?;
            if is_good(tokens, asked_at, refused) {
                return Ok(tokens.access.clone());
            }
            if tokens.failed_at.is_some_and(|failed_at| failed_at > asked_at) {
                // Another caller has tried since: a queue of waiters must not try one after the other.
                return Err(Error::Unavailable { retry_after: None });
            }
        }
        self.renew(turn, refused.is_some()).await.unwrap_or(Err(Error::Unavailable { retry_after: None }))
    }

    /// Fetches the next token, in a task of its own: the caller may give up, and the answer holds the only
    /// refresh token that is good.
    fn renew(&self, turn: OwnedMutexGuard<()>, refused: bool) -> JoinHandle<Result<String, Error>> {
        let (keyward, tokens, begun) =
            (self.keyward.clone(), Arc::clone(&self.tokens), Arc::clone(&self.begun));
        let kept = self.kept().cloned();
        *lock(&begun) = Some(Instant::now());
        tokio::spawn(async move {
            let renewed = renew(&keyward, kept.as_ref(), &tokens, refused).await;
            *lock(&begun) = None;
            drop(turn);
            renewed
        })
    }
}

/// Whether a token need not be replaced.
fn is_good(tokens: &Tokens, now: Instant, refused: Option<&str>) -> bool {
    refused.map_or(now < tokens.renew_at, |refused| tokens.access != refused)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fetches the next token. If that fails for now, a token that was not refused is used until it expires.
async fn renew(
    keyward: &Endpoints,
    kept: Option<&Kept>,
    tokens: &Mutex<Option<Tokens>>,
    refused: bool,
) -> Result<String, Error> {
    let due = lock(tokens).as_ref().map(|tokens| (tokens.access.clone(), tokens.renewal.clone()));
    let (access, renewal) = due.ok_or(Error::SessionOver)?;
    let answer = match kept {
        Some(kept) => kept.renew(keyward, &access).await,
        None => keyward.renew(&renewal).await,
    };
    let mut kept = lock(tokens);
    // Logged out meanwhile: what came is not kept.
    let tokens = kept.as_mut().ok_or(Error::SessionOver)?;
    match answer {
        Ok(grant) => {
            *tokens = grant.into();
            Ok(tokens.access.clone())
        }
        Err(Error::SessionOver | Error::InvalidClient) => {
            *kept = None;
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
