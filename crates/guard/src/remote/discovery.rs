//! The issuer's metadata (RFC 8414, section 2): where its keys and endpoints are.

use std::sync::Arc;

use reqwest::Url;
use serde::Deserialize;
use tokio::sync::Mutex;

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
    known: Mutex<Option<Arc<Metadata>>>,
}

impl Discovery {
    pub(super) fn new(issuer: Issuer, http: Http) -> Self {
        Self { issuer, http, known: Mutex::default() }
    }

    pub(super) fn http(&self) -> &Http {
        &self.http
    }

    /// The metadata, fetched where it is not known; many who ask at once make one fetch.
    pub(super) async fn metadata(&self) -> Result<Arc<Metadata>, RemoteError> {
        let mut known = self.known.lock().await;
        if let Some(metadata) = &*known {
            return Ok(Arc::clone(metadata));
        }
        let metadata = Arc::new(self.fetch().await?);
        *known = Some(Arc::clone(&metadata));
        Ok(metadata)
    }

    /// Has the metadata fetched again: it led nowhere.
    pub(super) async fn forget(&self) {
        *self.known.lock().await = None;
    }

    async fn fetch(&self) -> Result<Metadata, RemoteError> {
        let [first, second] = self.issuer.metadata();
        let (url, document) = match self.http.get::<Document>(&first).await {
            Ok(found) => (first, found.value),
            // Somebody is there, but has no such document: an OpenID provider has the other one.
            Err(error @ (RemoteError::Status { .. } | RemoteError::Answer { .. })) => {
                match self.http.get::<Document>(&second).await {
                    Ok(found) => (second, found.value),
                    Err(_) => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        self.read(&url, document)
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
