//! The issuer's metadata (RFC 8414, section 2): where its keys and endpoints are.

use std::sync::Arc;

use reqwest::Url;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::RemoteError;
use super::address::Issuer;
use super::http::{Http, address};

/// What of the metadata matters here.
#[derive(Clone, Debug, Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: Option<String>,
    introspection_endpoint: Option<String>,
    /// Keyward's own: the feed of ended sessions.
    revocation_feed_endpoint: Option<String>,
}

/// Where everything is.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    pub(super) keys: Url,
    introspection: Option<Url>,
    revocations: Option<Url>,
    address: String,
}

impl Metadata {
    pub(super) fn introspection(&self) -> Result<&Url, RemoteError> {
        self.introspection.as_ref().ok_or_else(|| self.lacks("it has no introspection_endpoint"))
    }

    pub(super) fn revocations(&self) -> Result<&Url, RemoteError> {
        self.revocations
            .as_ref()
            .ok_or_else(|| self.lacks("it has no revocation_feed_endpoint, which is Keyward's own"))
    }

    fn lacks(&self, reason: &'static str) -> RemoteError {
        RemoteError::Answer { address: self.address.clone(), reason }
    }
}

/// The issuer, and its metadata once it was fetched.
#[derive(Debug)]
pub(super) struct Discovery {
    issuer: Issuer,
    http: Http,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    known: Option<Arc<Metadata>>,
    /// When the last fetch failed, and why.
    failed: Option<(Instant, RemoteError)>,
}

impl Discovery {
    pub(super) fn new(issuer: Issuer, http: Http) -> Self {
        Self { issuer, http, state: Mutex::default() }
    }

    pub(super) fn http(&self) -> &Http {
        &self.http
    }

    /// The metadata, fetched where it is not known; many who ask at once make one fetch, however it ends.
    pub(super) async fn metadata(&self) -> Result<Arc<Metadata>, RemoteError> {
        let asked_at = Instant::now();
        let mut state = self.state.lock().await;
        if let Some(metadata) = &state.known {
            return Ok(Arc::clone(metadata));
        }
        match &state.failed {
            // Another caller has tried since: a queue of waiters must not try one after the other.
            Some((failed_at, error)) if *failed_at > asked_at => return Err(error.clone()),
            _ => {}
        }
        match self.fetch().await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                state.known = Some(Arc::clone(&metadata));
                Ok(metadata)
            }
            Err(error) => {
                state.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Fetches the metadata again after any failure: for work in the background, which asks seldom.
    pub(super) async fn forget(&self) {
        self.state.lock().await.known = None;
    }

    /// Has this metadata fetched again if the error may be its fault. For requests, of which there are many: they forget nothing
    /// while the issuer is merely out of order, nor what another task has fetched since.
    pub(super) async fn doubt(&self, metadata: &Arc<Metadata>, error: &RemoteError) {
        if error.leads_elsewhere() {
            let mut state = self.state.lock().await;
            state.known.take_if(|known| Arc::ptr_eq(known, metadata));
        }
    }

    /// Asks one place after the other, as long as something answers that is not this issuer's document. Returns the first
    /// refusal if all fail.
    async fn fetch(&self) -> Result<Metadata, RemoteError> {
        let mut refusal = None;
        for url in self.issuer.metadata() {
            let found = self.http.get::<Document>(&url).await;
            match found.and_then(|found| self.read(&url, found.value)) {
                Ok(metadata) => return Ok(metadata),
                Err(
                    error @ (RemoteError::Status { .. }
                    | RemoteError::Answer { .. }
                    | RemoteError::OtherIssuer { .. }),
                ) => _ = refusal.get_or_insert(error),
                Err(error) => return Err(refusal.unwrap_or(error)),
            }
        }
        let nowhere =
            || RemoteError::Answer { address: self.issuer.name.clone(), reason: "it has no metadata" };
        Err(refusal.unwrap_or_else(nowhere))
    }

    fn read(&self, url: &Url, document: Document) -> Result<Metadata, RemoteError> {
        if document.issuer != self.issuer.name {
            return Err(RemoteError::OtherIssuer { asked: self.issuer.name.clone(), found: document.issuer });
        }
        let endpoint = |text: Option<String>| text.map(|text| self.issuer.endpoint(&text)).transpose();
        let keys = endpoint(document.jwks_uri)?;
        let lacking = || RemoteError::Answer { address: address(url), reason: "it has no jwks_uri" };
        Ok(Metadata {
            keys: keys.ok_or_else(lacking)?,
            introspection: endpoint(document.introspection_endpoint)?,
            revocations: endpoint(document.revocation_feed_endpoint)?,
            address: address(url),
        })
    }
}
