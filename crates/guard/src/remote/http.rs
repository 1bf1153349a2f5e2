//! Asking the issuer: with limits on time and size, without redirections, and nothing but 200 counts.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AGE, CACHE_CONTROL, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, RequestBuilder, Url, redirect};
use serde::de::DeserializeOwned;

use super::RemoteError;

/// The longest answer that is read, in bytes: some hundred keys, or a page of revocations.
const MAX_ANSWER: usize = 512 * 1024;

/// An answer's JSON, and for how long it may be kept.
pub(super) struct Fetched<T> {
    pub(super) value: T,
    pub(super) max_age: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(super) struct Http {
    client: Client,
}

impl Http {
    /// A client that gives up after `limit`. One for this machine takes no way through a proxy.
    pub(super) fn new(limit: Duration, local: bool) -> Result<Self, RemoteError> {
        let builder = Client::builder()
            .timeout(limit)
            .connect_timeout(limit)
            .redirect(redirect::Policy::none())
            .https_only(!local)
            .user_agent(concat!("keyward-guard/", env!("CARGO_PKG_VERSION")));
        let builder = if local { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(|error| RemoteError::Client(Arc::new(error)))?;
        Ok(Self { client })
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<Fetched<T>, RemoteError> {
        read(url, self.ask(url)).await
    }

    /// A question to be completed, and sent by [`read`].
    pub(super) fn ask(&self, url: &Url) -> RequestBuilder {
        self.client.get(url.clone())
    }

    /// A form to be completed, and sent by [`read`].
    pub(super) fn post(&self, url: &Url) -> RequestBuilder {
        self.client.post(url.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded")
    }
}

/// Sends a request and reads its answer.
pub(super) async fn read<T: DeserializeOwned>(
    url: &Url,
    request: RequestBuilder,
) -> Result<Fetched<T>, RemoteError> {
    let address = || address(url);
    let unreachable = |error: reqwest::Error| RemoteError::Unreachable {
        address: address(),
        cause: Arc::new(error.without_url()),
    };
    let mut response = request.header(ACCEPT, "application/json").send().await.map_err(unreachable)?;
    if response.status() != 200 {
        return Err(RemoteError::Status { address: address(), status: response.status().as_u16() });
    }
    let max_age = max_age(response.headers());
    let unusable = |reason| RemoteError::Answer { address: address(), reason };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(unusable("it is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    let value =
        serde_json::from_slice(&body).map_err(|_| unusable("it is not the JSON that was asked for"))?;
    Ok(Fetched { value, max_age })
}

/// An address for errors and logs: without its query.
pub(super) fn address(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.into()
}

/// For how long the answer is fresh from now on (RFC 9111, section 4.2); zero where it must not be kept.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let seconds = |text: &str| text.trim().trim_matches('"').parse::<u32>().ok();
    let fields = headers.get_all(CACHE_CONTROL).iter().filter_map(|field| field.to_str().ok());
    let mut found = None;
    for directive in fields.flat_map(|field| field.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let name = name.trim();
        if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
            return Some(Duration::ZERO);
        }
        if name.eq_ignore_ascii_case("max-age") {
            found = found.or(seconds(value));
        }
    }
    let age = headers.get(AGE).and_then(|field| field.to_str().ok()).and_then(seconds).unwrap_or(0);
    found.map(|found| Duration::from_secs(found.saturating_sub(age).into()))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn an_answer_says_for_how_long_it_may_be_kept() {
        for (fields, age, wanted) in [
            (&["public, max-age=300"][..], None, Some(300)),
            (&["max-age=300", "public"], Some("100"), Some(200)),
            (&["MAX-AGE=\"60\""], Some("100"), Some(0)),
            (&["max-age=300, no-store"], None, Some(0)),
            (&["no-cache"], None, Some(0)),
            (&["max-age=-1"], None, None),
            (&["max-age=x, private"], None, None),
            (&[], Some("1"), None),
        ] {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(CACHE_CONTROL, HeaderValue::from_static(field));
            }
            if let Some(age) = age {
                headers.insert(AGE, HeaderValue::from_static(age));
            }
            assert_eq!(max_age(&headers), wanted.map(Duration::from_secs), "{fields:?}");
        }
    }
}
