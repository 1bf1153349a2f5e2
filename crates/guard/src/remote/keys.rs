//! The issuer's keys, refreshed by one background task. One fetch serves every request that waits for it, and a request
//! that is cancelled does not cancel the fetch. The last good keys are kept while the issuer is unavailable.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use keyward_auth::{
    Claims, Jwk, Jwks, JwtVerifier, KeyError, KeyRing, SharedKeyRing, TokenError, TokenVerifier,
    VerifierSettings, VerifyingKey,
};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

use super::RemoteError;
use super::discovery::Discovery;
use super::http::{Fetched, address};
use super::task::Task;
use crate::Refusal;
use crate::authenticator::unix_now;

/// For how long keys are kept whose issuer does not say so.
const USUAL_AGE: Duration = Duration::from_mins(5);
/// Maximum time that keys are kept; a longer one of the issuer is cut to it.
const MAX_AGE: Duration = Duration::from_hours(24);
/// The longest wait between two tries while the issuer is away.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// The keys of an issuer. Dropped, they are no longer looked after.
pub(super) struct Keys {
    shared: Arc<Shared>,
    _keeper: Task,
}

struct Shared {
    settings: VerifierSettings,
    discovery: Arc<Discovery>,
    /// The least time between two fetches that tokens with unknown keys ask for.
    pause: Duration,
    verifier: RwLock<Option<Arc<JwtVerifier>>>,
    control: Mutex<Control>,
    wake: Notify,
    /// Changes whenever a fetch ends: how the last one did.
    done: watch::Sender<Option<RemoteError>>,
}

struct Control {
    fetching: bool,
    wanted: bool,
    last_wanted: Option<Instant>,
}

impl Keys {
    /// Begins to fetch. Must be called inside a tokio runtime.
    pub(super) fn new(settings: VerifierSettings, discovery: Arc<Discovery>, pause: Duration) -> Self {
        let shared = Arc::new(Shared {
            settings,
            discovery,
            pause,
            verifier: RwLock::default(),
            control: Mutex::new(Control { fetching: true, wanted: false, last_wanted: None }),
            wake: Notify::new(),
            done: watch::Sender::default(),
        });
        let keeper = Task::spawn(Arc::clone(&shared).keep());
        Self { shared, _keeper: keeper }
    }

    /// Waits for the first keys.
    pub(super) async fn ready(&self) -> Result<(), RemoteError> {
        loop {
            let mut done = self.shared.done.subscribe();
            if self.shared.current().is_some() {
                return Ok(());
            }
            if self.shared.want() && done.changed().await.is_ok() {
                continue;
            }
            return match self.shared.done.borrow().clone() {
                Some(error) => Err(error),
                None => Ok(()),
            };
        }
    }

    /// What the token says, if it is good now.
    pub(super) async fn verify(&self, token: &str) -> Result<Claims, Refusal> {
        let verifier = match self.shared.current() {
            Some(verifier) => verifier,
            None => self.shared.renewed().await.ok_or(Refusal::Unavailable)?,
        };
        match verifier.verify(token, unix_now()) {
            Err(TokenError::UnknownKey) => {}
            verified => return Ok(verified?),
        }
        let verifier = self.shared.renewed().await.ok_or(Refusal::Unavailable)?;
        match verifier.verify(token, unix_now()) {
            // The issuer's present keys are unknown, so this may be one of them.
            Err(TokenError::UnknownKey) if self.shared.done.borrow().is_some() => Err(Refusal::Unavailable),
            verified => Ok(verified?),
        }
    }
}

impl Shared {
    fn current(&self) -> Option<Arc<JwtVerifier>> {
        self.verifier.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys after a fetch, if one is under way or allowed now; otherwise those there are.
    async fn renewed(&self) -> Option<Arc<JwtVerifier>> {
        let mut done = self.done.subscribe();
        if self.want() {
            // It ends within the HTTP client's limits; the sender is ours.
            let _ = done.changed().await;
        }
        self.current()
    }

    /// Asks for a fetch, unless one was asked for just now; says whether one will end.
    fn want(&self) -> bool {
        let mut control = self.control();
        if control.fetching || control.wanted {
            return true;
        }
        let now = Instant::now();
        if control.last_wanted.is_some_and(|last| now < last + self.pause) {
            return false;
        }
        control.last_wanted = Some(now);
        control.wanted = true;
        self.wake.notify_one();
        true
    }

    /// Fetches for ever: ahead of expiry, when asked, and again after failures.
    async fn keep(self: Arc<Self>) {
        let mut failures = 0;
        loop {
            let fetched = self.fetch().await;
            let wait = match &fetched {
                Ok(age) => {
                    failures = 0;
                    // Ahead of expiry, so that no request waits.
                    (*age * 4 / 5).max(self.pause)
                }
                Err(error) => {
                    tracing::warn!(cause = ?error, "the issuer's keys could not be fetched");
                    self.discovery.forget().await;
                    failures += 1;
                    (self.pause * 2_u32.saturating_pow(failures - 1)).min(MAX_WAIT.max(self.pause))
                }
            };
            self.control().fetching = false;
            self.done.send_replace(fetched.err());
            self.idle(Instant::now() + wait).await;
        }
    }

    /// Returns when a fetch is due or asked for.
    async fn idle(&self, due: Instant) {
        loop {
            {
                let mut control = self.control();
                if control.wanted || Instant::now() >= due {
                    control.wanted = false;
                    control.fetching = true;
                    return;
                }
            }
            let _ = timeout_at(due, self.wake.notified()).await;
        }
    }

    /// Fetches the keys and puts them in place; says for how long they are fresh.
    async fn fetch(&self) -> Result<Duration, RemoteError> {
        let metadata = self.discovery.metadata().await?;
        let Fetched { value, max_age } = self.discovery.http().get::<Jwks>(&metadata.keys).await?;
        let unusable = |_| RemoteError::Answer {
            address: address(&metadata.keys),
            reason: "there is no key that can be used, or two have one name",
        };
        let ring = KeyRing::from_jwks(&usable(value)).map_err(unusable)?;
        let verifier = JwtVerifier::new(self.settings.clone(), SharedKeyRing::new(ring));
        *self.verifier.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(verifier));
        Ok(max_age.unwrap_or(USUAL_AGE).min(MAX_AGE))
    }
}

/// The keys that can verify here. Others are left out, as RFC 7517, section 5 asks.
fn usable(set: Jwks) -> Jwks {
    let good = |jwk: &Jwk| match VerifyingKey::from_jwk(jwk) {
        Ok(_) => true,
        Err(error) => {
            if !matches!(error, KeyError::Foreign(_)) {
                tracing::warn!(kid = jwk.kid, cause = %error, "one of the issuer's keys is left out");
            }
            false
        }
    };
    Jwks { keys: set.keys.into_iter().filter(good).collect() }
}
