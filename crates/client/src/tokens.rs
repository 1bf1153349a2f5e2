//! The tokens of a session, and the next ones.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::endpoints::Endpoints;
use crate::grant::{Grant, Renewal};
use crate::kept::Kept;
use crate::{Error, wall};

/// How long before its end a token is replaced: a tenth of its lifetime, and no more than this.
const AHEAD: Duration = Duration::from_mins(1);
/// How long a good token is used on when its replacement failed, before the next try.
const PAUSE: Duration = Duration::from_secs(5);

/// The tokens of a session.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) renewal: Renewal,
    pub(crate) renew_at: Instant,
    pub(crate) expires_at: Instant,
    pub(crate) failed_at: Option<Instant>,
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

impl Tokens {
    /// Whether the access token need not be replaced.
    pub(crate) fn is_good(&self, now: Instant, refused: Option<&str>) -> bool {
        refused.map_or(now < self.renew_at, |refused| self.access != refused)
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fetches the next token. If that fails for now, a token that was not refused is used until it expires.
pub(crate) async fn renew(
    keyward: &Endpoints,
    kept: Option<&Kept>,
    tokens: &Mutex<Option<Tokens>>,
    asked_at: Instant,
    refused: bool,
) -> Result<String, Error> {
    let due = lock(tokens).as_ref().map(|tokens| (tokens.access.clone(), tokens.renewal.clone()));
    let (access, renewal) = due.ok_or(Error::SessionOver)?;
    let answer = match kept {
        Some(kept) => {
            let asked = i64::try_from(asked_at.elapsed().as_secs()).unwrap_or(i64::MAX);
            kept.renew(keyward, &access, wall::now().saturating_sub(asked)).await
        }
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
