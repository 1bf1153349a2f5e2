//! Settings of a [`RemoteAuthenticator`], and how they become one.

use std::sync::Arc;
use std::time::Duration;

use keyward_auth::{TokenProfile, VerifierSettings};

use super::RemoteError;
use super::address::Issuer;
use super::api_keys::ApiKeys;
use super::authenticator::{Asked, Inner, RemoteAuthenticator};
use super::credentials::Credentials;
use super::discovery::Discovery;
use super::http::Http;
use super::introspection::Introspection;
use super::keys::Keys;
use super::revocations::{MAX_LEEWAY, Revocations};
use crate::ProofCheck;

/// Whose tokens are accepted, and how. Without a word more: those of a Keyward, for the audience `keyward`, of a session.
#[derive(Clone, Debug)]
#[must_use = "settings do nothing until `discover` or `build`"]
pub struct RemoteBuilder {
    settings: VerifierSettings,
    sessions_optional: bool,
    limit: Duration,
    pause: Duration,
    asking: Option<(Asking, Credentials)>,
    bound: Duration,
    strict: bool,
    api_keys: bool,
    dpop: Option<String>,
    fault: Option<RemoteError>,
}

/// What is asked beside the keys.
#[derive(Clone, Copy, Debug)]
enum Asking {
    Introspection,
    Revocations,
}

impl RemoteAuthenticator {
    /// Tokens of the Keyward at this address, for its usual audience, `keyward`; fetches the keys before it answers.
    /// [`builder`](Self::builder) has everything else.
    ///
    /// # Errors
    /// [`RemoteError`], in one sentence, where the address is not usable, does not answer, or is not an issuer.
    pub async fn discover(issuer: &str) -> Result<Self, RemoteError> {
        Self::builder(issuer).discover().await
    }

    /// Settings for the tokens of this issuer. Its address is compared exactly with `iss` and with what its metadata say,
    /// down to a slash at the end.
    pub fn builder(issuer: impl Into<String>) -> RemoteBuilder {
        RemoteBuilder::new(issuer.into())
    }
}

impl RemoteBuilder {
    fn new(issuer: String) -> Self {
        Self {
            settings: VerifierSettings::new(issuer, "keyward"),
            sessions_optional: false,
            limit: Duration::from_secs(5),
            pause: Duration::from_secs(5),
            asking: None,
            bound: Duration::from_secs(10),
            strict: false,
            api_keys: false,
            dpop: None,
            fault: None,
        }
    }

    /// What `aud` has to contain; `keyward` unless set. With another issuer: this service's own name there, never a client's.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.settings.audience = audience.into();
        self.settings.further_audiences.clear();
        self
    }

    /// Several audiences, any of which `aud` has to contain, as for a service that is known by its address and by an older name.
    /// Without any, building fails.
    pub fn audiences<A: Into<String>>(mut self, audiences: impl IntoIterator<Item = A>) -> Self {
        let mut names = audiences.into_iter().map(Into::into);
        match names.next() {
            Some(first) => {
                self.settings.audience = first;
                self.settings.further_audiences = names.collect();
            }
            None => self.fault = Some(RemoteError::Settings("a service accepts one audience at least")),
        }
        self
    }

    /// What the tokens look like, for issuers other than Keyward: [`TokenProfile::oidc`] fits most.
    pub fn profile(mut self, profile: TokenProfile) -> Self {
        self.settings.profile = profile;
        self
    }

    /// How many seconds clocks may disagree; 5 unless set, and 60 at most with [`follow_revocations`](Self::follow_revocations):
    /// the feed forgets an ended session a minute after its last token expired.
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

    /// Notices ended sessions within [`revocation_bound`](Self::revocation_bound), without a call for every request: Keyward's feed
    /// is followed in the background, as a registered client. Replaces [`introspect`](Self::introspect).
    pub fn follow_revocations(self, client_id: &str, client_secret: &str) -> Self {
        self.ask(Asking::Revocations, client_id, client_secret)
    }

    /// Notices ended sessions, and narrowed scopes, at once: the issuer is asked about every token (RFC 7662), as a registered client.
    /// While it does not answer, no token is accepted. Replaces [`follow_revocations`](Self::follow_revocations).
    pub fn introspect(self, client_id: &str, client_secret: &str) -> Self {
        self.ask(Asking::Introspection, client_id, client_secret)
    }

    fn ask(mut self, asking: Asking, client_id: &str, client_secret: &str) -> Self {
        match Credentials::new(client_id, client_secret) {
            Ok(credentials) => self.asking = Some((asking, credentials)),
            Err(fault) => self.fault = Some(fault),
        }
        self
    }

    /// How late a follower of the feed may notice an ended session; 10 s unless set. A quarter of it, but 20 s at most,
    /// the feed may wait with an answer. After the bound without an answer, see [`strict`](Self::strict).
    pub fn revocation_bound(mut self, bound: Duration) -> Self {
        self.bound = bound;
        self
    }

    /// Answers 503 while it cannot be known which sessions ended. Without it such calls are let in on the keys alone, a line in
    /// the log says so, and so does [`RemoteAuthenticator::revocations_are_known`]; tokens are still good for minutes only.
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Accepts API keys of Keyward, too. The issuer is asked about them (RFC 7662), as the client that
    /// [`follow_revocations`](Self::follow_revocations) or [`introspect`](Self::introspect) names. With the former an answer is
    /// remembered for [`revocation_bound`](Self::revocation_bound); with the latter it is asked about every call. While it does not
    /// answer, a key that is not remembered is answered 503.
    pub fn accept_api_keys(mut self) -> Self {
        self.api_keys = true;
        self
    }

    /// Accepts tokens that are bound to a key (DPoP, RFC 9449), too, with a proof for each request. `address` is where clients reach this
    /// service, such as `https://api.example.com`. Without it a bound token is refused.
    pub fn accept_dpop(mut self, address: impl Into<String>) -> Self {
        self.dpop = Some(address.into());
        self
    }

    /// Waits for the issuer's keys, and for the first answer of the feed if that is followed.
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
    /// Where the settings cannot work: an address that is not usable, of the issuer or of this service, a leeway that does not go with the feed, API keys without
    /// a client, or no tokio runtime around.
    pub fn build(self) -> Result<RemoteAuthenticator, RemoteError> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(RemoteError::Settings("a remote authenticator is built inside a tokio runtime"));
        }
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let followed = matches!(self.asking, Some((Asking::Revocations, _)));
        if followed && self.settings.leeway_seconds > MAX_LEEWAY {
            return Err(RemoteError::Settings(
                "a leeway above 60 s does not go with the feed: it forgets a session 60 s after its last token expired",
            ));
        }
        if self.api_keys && self.asking.is_none() {
            return Err(RemoteError::Settings(
                "API keys are checked by the issuer: name a client by `follow_revocations` or `introspect`",
            ));
        }
        let issuer = Issuer::parse(&self.settings.issuer)?;
        let http = Http::new(self.limit, issuer.is_local())?;
        let name = issuer.name.clone();
        let discovery = Arc::new(Discovery::new(issuer, http));
        let api_keys = self.asking.clone().filter(|_| self.api_keys).map(|(asking, credentials)| {
            let bound = match asking {
                Asking::Introspection => Duration::ZERO,
                Asking::Revocations => self.bound,
            };
            ApiKeys::new(Introspection::new(Arc::clone(&discovery), credentials), bound)
        });
        let asked = match self.asking {
            None => Asked::Nothing,
            Some((Asking::Introspection, credentials)) => {
                Asked::Introspection(Introspection::new(Arc::clone(&discovery), credentials))
            }
            Some((Asking::Revocations, credentials)) => Asked::Revocations(Revocations::new(
                Arc::clone(&discovery),
                credentials,
                self.bound,
                self.strict,
            )),
        };
        let keys = Keys::new(self.settings, discovery, self.pause);
        let proofs = self.dpop.as_deref().map(ProofCheck::new).transpose().map_err(|_| {
            RemoteError::Settings(
                "`accept_dpop` takes the http or https URL of this service, without query and fragment",
            )
        })?;
        let sessions_optional = self.sessions_optional;
        let inner = Inner { issuer: name, keys, asked, api_keys, sessions_optional, proofs };
        Ok(RemoteAuthenticator::new(inner))
    }
}
