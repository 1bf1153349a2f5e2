//! Sessions of browsers, which a cookie names by a secret of its own. In every other respect they are sessions like any other.

use keyward_auth::{SecretHash, Zeroizing, random_secret};
use time::Duration;

use super::opening::Opening;
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::values::actor::{Actor, Via};
use crate::values::ids::SessionId;

/// What a cookie holds: 256 random bits as 43 characters of base64url. It has no `Debug`.
pub struct CookieSecret(pub Zeroizing<String>);

impl CookieSecret {
    /// The secret that a cookie holds; `None` for what could not be one.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        (text.len() == 43 && plain).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

/// A session's last use is noted at most once in this time.
const NOTED: Duration = Duration::MINUTE;

/// Gives sessions a cookie, and finds them by it.
#[derive(Clone)]
pub struct BrowserSessions {
    ports: Ports,
    opening: Opening,
}

impl BrowserSessions {
    /// The use case. `opening` says how long sessions last, and what they may do.
    pub fn new(opening: Opening) -> Self {
        Self { ports: opening.ports.clone(), opening }
    }

    /// Makes a session that was just opened the one of a browser. Returns the secret for its cookie.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] if the session does not exist any more.
    pub async fn begin(&self, session: SessionId) -> Result<CookieSecret, StoreError> {
        let secret = self.secret();
        self.ports.store.autocommit().browser_sessions().insert(session, &secret.hash()).await?;
        Ok(secret)
    }

    /// Replaces the secret of a session: after each rise of proof, so that a cookie that leaked before does not gain by it.
    /// `None` if another request has replaced it meanwhile: then the browser has the new one from there.
    pub async fn renew(
        &self,
        session: SessionId,
        old: &CookieSecret,
    ) -> Result<Option<CookieSecret>, StoreError> {
        let new = self.secret();
        let mut repositories = self.ports.store.autocommit();
        let renewed = repositories.browser_sessions().renew(session, &old.hash(), &new.hash()).await?;
        Ok(renewed.then_some(new))
    }

    /// The person behind a cookie, while the session stands; what they may do is what their role and the policy on second factors
    /// allow now. Notes that the session is in use.
    pub async fn find(&self, secret: &CookieSecret) -> Result<Option<Actor>, StoreError> {
        let now = self.ports.clock.now();
        let mut repositories = self.ports.store.autocommit();
        let live = repositories.browser_sessions().live(&secret.hash()).await?;
        let Some(live) = live.filter(|live| !self.opening.lifetimes.are_over(&live.session, now)) else {
            return Ok(None);
        };
        let session = live.session;
        if now - session.last_seen_at >= NOTED {
            repositories.browser_sessions().note_use(session.id, now, now - NOTED).await?;
        }
        let granted = self.opening.grants().bound(live.role, &session.scope);
        let scope = self.opening.narrowed(&mut *repositories, &session, live.role, granted).await?;
        let (via, proof) = (Via::Session(session.id), session.proof);
        Ok(Some(Actor { who: session.user, via, scope, proof, confirmation: None }))
    }

    fn secret(&self) -> CookieSecret {
        CookieSecret(random_secret(&*self.ports.random))
    }
}
