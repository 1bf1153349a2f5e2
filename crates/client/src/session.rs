//! A session: its access token, renewed in time by one caller while the others wait.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};
use tokio::task::JoinHandle;

use crate::Error;
use crate::address::Address;
use crate::endpoints::Endpoints;
use crate::grant::{Grant, Renewal};
use crate::kept::Kept;
use crate::tokens::{Tokens, lock, renew};

/// How long the next token is waited for while the last one is still good: all callers of one renewal together.
const SHORTLY: Duration = Duration::from_millis(250);
/// The same for a session that is kept, unless the last renewal failed: a program that ends too early would lose the next refresh token.
const PATIENTLY: Duration = Duration::from_secs(2);
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
        if let Some(kept) = self.kept().filter(|kept| kept.is_behind()) {
            self.catch_up(kept).await;
        }
        let (token, left, failed) = {
            let tokens = lock(&self.tokens);
            let tokens = tokens.as_ref().ok_or(Error::SessionOver)?;
            if tokens.is_good(asked_at, refused) {
                return Ok(tokens.access.clone());
            }
            let left = tokens.expires_at.saturating_duration_since(asked_at);
            (tokens.access.clone(), left, tokens.failed_at.is_some())
        };
        if refused.is_some() || left.is_zero() {
            return self.next(asked_at, refused).await;
        }
        let waited = lock(&self.begun).map_or(Duration::ZERO, |begun| begun.elapsed());
        let most = if self.kept().is_some() && !failed { PATIENTLY } else { SHORTLY };
        let shortly = most.saturating_sub(waited).min(left);
        tokio::time::timeout(shortly, self.next(asked_at, None)).await.unwrap_or(Ok(token))
    }

    /// Has written what could not be written where the session is kept, unless that or a renewal is under way.
    async fn catch_up(&self, kept: &Kept) {
        let (Ok(turn), kept) = (Arc::clone(&self.renewing).try_lock_owned(), kept.clone()) else { return };
        let work = tokio::spawn(async move {
            drop(kept.catch_up().await);
            drop(turn);
        });
        drop(tokio::time::timeout(SHORTLY, work).await);
    }

    /// The next token, when the turn to fetch it has come.
    async fn next(&self, asked_at: Instant, refused: Option<&str>) -> Result<String, Error> {
        let turn = self.turn().await;
        {
            let tokens = lock(&self.tokens);
            let tokens = tokens.as_ref().ok_or(Error::SessionOver)?;
            if tokens.is_good(asked_at, refused) {
                return Ok(tokens.access.clone());
            }
            if tokens.failed_at.is_some_and(|failed_at| failed_at > asked_at) {
                // Another caller has tried since: a queue of waiters must not try one after the other.
                return Err(Error::Unavailable { retry_after: None });
            }
        }
        let renewed = self.renew(turn, asked_at, refused.is_some()).await;
        renewed.unwrap_or(Err(Error::Unavailable { retry_after: None }))
    }

    /// Fetches the next token, in a task of its own: the caller may give up, and the answer holds the only
    /// refresh token that is good.
    fn renew(
        &self,
        turn: OwnedMutexGuard<()>,
        asked_at: Instant,
        refused: bool,
    ) -> JoinHandle<Result<String, Error>> {
        let (keyward, tokens, begun) =
            (self.keyward.clone(), Arc::clone(&self.tokens), Arc::clone(&self.begun));
        let kept = self.kept().cloned();
        *lock(&begun) = Some(Instant::now());
        tokio::spawn(async move {
            let renewed = renew(&keyward, kept.as_ref(), &tokens, asked_at, refused).await;
            *lock(&begun) = None;
            drop(turn);
            renewed
        })
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("address", &self.address).finish_non_exhaustive()
    }
}
