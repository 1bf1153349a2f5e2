//! Settings of a [`RemoteAuthenticator`].

use std::sync::Arc;
use std::time::Duration;

use keyward_auth::{TokenProfile, VerifierSettings};

use super::address::Issuer;
use super::discovery::Discovery;
use super::http::Http;
use super::keys::Keys;
use super::{Inner, RemoteAuthenticator, RemoteError};

/// Whose tokens are accepted, and how. Without a word more: those of a Keyward, for the audience `keyward`, of a session.
#[derive(Clone, Debug)]
#[must_use = "settings do nothing until `discover` or `build`"]
pub struct RemoteBuilder {
    settings: VerifierSettings,
    sessions_optional: bool,
    limit: Duration,
    pause: Duration,
}

impl RemoteBuilder {
    pub(super) fn new(issuer: String) -> Self {
        Self {
            settings: VerifierSettings::new(issuer, "keyward"),
            sessions_optional: false,
            limit: Duration::from_secs(5),
            pause: Duration::from_secs(5),
        }
    }

    /// What `aud` has to contain; `keyward` unless set. With another issuer: this service's own name there, never a client's.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.settings.audience = audience.into();
        self
    }

    /// What the tokens look like, for issuers other than Keyward: [`TokenProfile::oidc`] fits most.
    pub fn profile(mut self, profile: TokenProfile) -> Self {
        self.settings.profile = profile;
        self
    }

    /// How many seconds clocks may disagree; 5 unless set.
    pub fn leeway_seconds(mut self, seconds: i64) -> Self {
        self.settings.leeway_seconds = seconds;
        self
    }

    /// Accepts tokens without `sid` too: those of many other issuers, and those a client of Keyward got for itself. Of the
    /// latter the subject is a client, never a user.
    pub fn sessions_optional(mut self) -> Self {
        self.sessions_optional = true;
        self
    }

    /// How long the issuer may take to answer; 5 s unless set.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The least time between two fetches for tokens whose key is not known; 5 s unless set.
    pub fn refetch_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Waits for the issuer's keys.
    ///
    /// # Errors
    /// [`RemoteError`], in one sentence. To start while the issuer is away, use [`build`](Self::build).
    pub async fn discover(self) -> Result<RemoteAuthenticator, RemoteError> {
        let authenticator = self.build()?;
        authenticator.ready().await?;
        Ok(authenticator)
    }

    /// Begins to fetch in the background. Until there are keys, locked calls wait for the fetch under way, and then answer
    /// 503 with `Retry-After`.
    ///
    /// # Errors
    /// Where the settings cannot work: an address that is not usable, or no tokio runtime around.
    pub fn build(self) -> Result<RemoteAuthenticator, RemoteError> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(RemoteError::Settings("a remote authenticator is built inside a tokio runtime"));
        }
        let issuer = Issuer::parse(&self.settings.issuer)?;
        let http = Http::new(self.limit, issuer.is_local())?;
        let name = issuer.name.clone();
        let discovery = Arc::new(Discovery::new(issuer, http));
        let keys = Keys::new(self.settings, discovery, self.pause);
        let inner = Inner { issuer: name, keys, sessions_optional: self.sessions_optional };
        Ok(RemoteAuthenticator { inner: Arc::new(inner) })
    }
}
