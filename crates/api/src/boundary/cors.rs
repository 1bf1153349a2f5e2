//! Calls from pages of other origins (the Fetch standard's CORS): none, unless an origin is named exactly.
//!
//! No wildcard, no pattern, never `Access-Control-Allow-Credentials`: this api has no cookies, and a page
//! that may call sends its token itself. Answers to everybody carry `Vary: Origin` then, for caches in
//! between.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::cors_log::Refused;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// What callers may set beyond what every page may; `Authorization` has to be named, the *Authorize* of another service's Swagger UI
/// sets `X-Requested-With`, and HTTP libraries set `Cache-Control`. The last four are those of tracing: W3C Trace Context, Baggage
/// and Sentry add them to every call.
const REQUEST_HEADERS: [&str; 13] = [
    "Authorization",
    "Cache-Control",
    "Content-Type",
    "DPoP",
    "Idempotency-Key",
    "If-None-Match",
    "Pragma",
    "X-Request-Id",
    "X-Requested-With",
    "traceparent",
    "tracestate",
    "baggage",
    "sentry-trace",
];
/// What pages may read beyond what every page may.
const ANSWER_HEADERS: HeaderValue =
    HeaderValue::from_static("DPoP-Nonce, ETag, Link, Retry-After, WWW-Authenticate, X-Request-Id");
/// How long a browser may remember what a preflight said, in seconds.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");

/// The origin of a page as browsers write it: scheme, host, and the port where it is not the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageOrigin(HeaderValue);

impl PageOrigin {
    /// As browsers write it.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

impl FromStr for PageOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A blank may follow the comma of a list.
        let text = text.trim();
        let refused =
            || format!("`{text}` is no origin; write scheme, host and port alone: https://app.example");
        if text.contains('*') {
            return Err("a wildcard would let every page in; name each origin".to_owned());
        }
        let uri: Uri = text.parse().map_err(|_| refused())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(refused());
        };
        let exact = text == format!("{scheme}://{authority}") && text == text.to_ascii_lowercase();
        let usual = [("http", Some(80)), ("https", Some(443))].contains(&(scheme, authority.port_u16()));
        if !exact || usual || authority.as_str().contains('@') || authority.as_str().ends_with(':') {
            return Err(refused());
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| refused())
    }
}

/// The name of a header that pages may send, in lower case. `*` is refused: it would not include `Authorization`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageHeader(HeaderName);

impl FromStr for PageHeader {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().parse().ok().filter(|_| !text.contains('*'));
        name.map(Self).ok_or_else(|| format!("`{text}` is no name of a header; write it as in x-app-version"))
    }
}

/// Which pages may call.
#[derive(Clone, Debug)]
pub(crate) struct Cors {
    origins: Arc<[PageOrigin]>,
    /// `Access-Control-Allow-Headers`.
    headers: HeaderValue,
    refused: Arc<Refused>,
}

impl Cors {
    /// Lets in the pages of these origins and of no other, with these request headers beside the usual ones.
    pub(crate) fn new(origins: &[PageOrigin], headers: &[PageHeader]) -> Self {
        let further = headers.iter().map(|PageHeader(name)| name.as_str());
        let names: Vec<_> = REQUEST_HEADERS.into_iter().chain(further).collect();
        let headers = HeaderValue::try_from(names.join(", "));
        let headers = headers.unwrap_or(HeaderValue::from_static("Authorization, Content-Type"));
        Self { origins: origins.into(), headers, refused: Arc::default() }
    }

    /// The page behind a request, if it may call.
    pub(crate) fn caller(&self, request: &HeaderMap) -> Option<PageOrigin> {
        let mut named = request.get_all(header::ORIGIN).iter();
        let (Some(origin), None) = (named.next(), named.next()) else { return None };
        self.origins.iter().find(|allowed| allowed.0 == origin).cloned()
    }

    /// Marks an answer as readable by the page that called.
    pub(crate) fn mark(&self, answer: &mut HeaderMap, caller: Option<PageOrigin>) {
        if !self.origins.is_empty() {
            answer.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(PageOrigin(origin)) = caller {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
        }
    }
}

impl Cors {
    /// The answer to a browser that asks whether a page that may call may send a request like this; `None` if it
    /// does not ask.
    pub(crate) fn preflight(&self, request: &Request) -> Option<Response> {
        asks(request).then(|| {
            let headers = [
                (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
                (header::ACCESS_CONTROL_ALLOW_HEADERS, self.headers.clone()),
                (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
            ];
            (StatusCode::NO_CONTENT, headers).into_response()
        })
    }

    /// Logs what a browser is about to refuse to a page: the page's developer sees no more than that it was refused.
    pub(crate) fn note(&self, request: &Request, caller: Option<&PageOrigin>) {
        let headers = request.headers();
        let Some(origin) = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()) else {
            return;
        };
        if caller.is_none() {
            if asks(request) || calls_elsewhere(headers) {
                self.refused.origin(origin);
            }
        } else if asks(request) {
            let allowed = self.headers.to_str().unwrap_or_default().to_ascii_lowercase();
            let wanted = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
            let wanted =
                wanted.and_then(|names| names.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
            let is_allowed =
                |name: &str| allowed.split(", ").any(|allowed| allowed == name) || SAFE.contains(&name);
            let names = wanted.split(',').map(str::trim).filter(|name| !name.is_empty());
            names.filter(|name| !is_allowed(name)).for_each(|name| self.refused.header(origin, name));
        }
    }
}

/// What every page may set (the Fetch standard's CORS-safelisted request headers).
const SAFE: [&str; 4] = ["accept", "accept-language", "content-language", "range"];

/// Whether this is a preflight.
fn asks(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Whether a browser says that a script of another origin calls, without having asked before.
fn calls_elsewhere(headers: &HeaderMap) -> bool {
    let is = |name: &str, values: &[&str]| {
        headers.get(name).is_some_and(|value| values.iter().any(|known| value == known))
    };
    is("sec-fetch-mode", &["cors"]) && is("sec-fetch-site", &["cross-site", "same-site"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        for good in [
            "https://app.example",
            "http://localhost:5173",
            "http://[::1]:3000",
            "tauri://localhost",
            " https://app.example",
        ] {
            assert!(good.parse::<PageOrigin>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "https://*.example",
            "https://app.example/",
            "https://app.example/path",
            "https://app.example?",
            "https://App.example",
            "HTTPS://app.example",
            "https://app.example:443",
            "http://app.example:80",
            "https://app.example:",
            "https://user@app.example",
            "app.example",
            "https://",
            "https://bücher.example",
        ] {
            assert!(bad.parse::<PageOrigin>().is_err(), "{bad:?}");
        }
    }
}
