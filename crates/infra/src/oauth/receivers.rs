//! Sending logout tokens to clients: within five seconds, without redirections and proxies, and to public addresses alone unless a
//! setting allows others.
//!
//! A name is looked up once a request. All its addresses are examined, and one of exactly those is connected to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use keyward_domain::ports::logout_sender::{LogoutSender, Undelivered};
use keyward_domain::values::logout_uri::LogoutUri;
use keyward_domain::values::reachable::{is_public, names_public_host};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE};
use reqwest::{Client, Response, redirect};
use serde::Deserialize;
use url::Url;

/// How long a delivery may take in all.
const LIMIT: Duration = Duration::from_secs(5);
/// How much of an answer is read, in bytes.
const LONGEST_ANSWER: usize = 4 * 1024;
/// The longest error code that is believed, in characters.
const LONGEST_CODE: usize = 50;
/// Why nothing is sent to an address.
const NOT_PUBLIC: &str =
    "its address is not one of the public Internet; KEYWARD_BACKCHANNEL_PRIVATE=on allows others";

/// Sends logout tokens by HTTP.
#[derive(Clone)]
pub struct HttpLogoutSender {
    /// Or why there is no client: that must not keep a server from starting.
    client: Result<Client, String>,
    private: bool,
}

/// Looks names up as the system does.
pub struct SystemNames;

/// Looks names up through another, and hands out addresses only if all are public.
struct PublicNames {
    names: Arc<dyn Resolve>,
    private: bool,
}

/// What a client says when it refuses.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl HttpLogoutSender {
    /// A sender that looks names up in `names`. With `private` it connects to any address.
    pub fn new(names: Arc<dyn Resolve>, private: bool) -> Self {
        let client = Client::builder()
            .timeout(LIMIT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            // A connection that is kept would be used without another look at its address.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("keyward/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(PublicNames { names, private }))
            .build();
        Self { client: client.map_err(|error| reason(&error)), private }
    }
}

#[async_trait]
impl LogoutSender for HttpLogoutSender {
    async fn send(&self, uri: &LogoutUri, token: &str) -> Result<(), Undelivered> {
        let failed = |error: reqwest::Error| Undelivered::Failed(reason(&error));
        let client = self.client.as_ref().map_err(|error| Undelivered::Failed(error.clone()))?;
        let url = Url::parse(uri.as_str()).map_err(|error| Undelivered::Failed(error.to_string()))?;
        if !self.private && !names_public_host(uri.as_str()) {
            return Err(Undelivered::Failed(NOT_PUBLIC.to_owned()));
        }
        let request = client
            .post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(CACHE_CONTROL, "no-store")
            // A compact JWT holds no character that a form would escape.
            .body(format!("logout_token={token}"));
        let answer = request.send().await.map_err(failed)?;
        match answer.status().as_u16() {
            200 | 204 => Ok(()),
            400 => Err(Undelivered::Refused(code(answer).await)),
            status => Err(Undelivered::Failed(format!("it answered with the status {status}"))),
        }
    }
}

/// The error code of a refusal; `None` for anything that cannot be one.
async fn code(mut answer: Response) -> Option<String> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    let Refusal { error } = serde_json::from_slice(&body).ok()?;
    let is_code = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    (error.len() <= LONGEST_CODE && error.bytes().all(is_code)).then_some(error)
}

/// The error and its causes, in one line, without the address.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("it did not answer within {} s", LIMIT.as_secs());
    }
    let mut words = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        words.push(cause.to_string());
        next = cause.source();
    }
    words.dedup();
    if words.is_empty() { "the request failed".to_owned() } else { words.join(": ") }
}

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, private) = (Arc::clone(&self.names), self.private);
        Box::pin(async move {
            let found: Vec<SocketAddr> = names.resolve(name).await?.collect();
            if !private && !found.iter().all(|address| is_public(address.ip())) {
                return Err(NOT_PUBLIC.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
