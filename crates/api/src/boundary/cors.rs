//! Calls from pages of other origins (the Fetch standard's CORS): none, unless an origin is named exactly.
//!
//! No wildcard, no pattern, never `Access-Control-Allow-Credentials`: this api has no cookies, and a page
//! that may call sends its token itself. Answers to everybody carry `Vary: Origin` then, for caches in
//! between.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// What callers may set beyond what every page may; `Authorization` has to be named, and the *Authorize* of
/// another service's Swagger UI sets `X-Requested-With`.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, Idempotency-Key, If-None-Match, X-Request-Id, X-Requested-With",
);
/// What pages may read beyond what every page may.
const ANSWER_HEADERS: HeaderValue =
    HeaderValue::from_static("ETag, Link, Retry-After, WWW-Authenticate, X-Request-Id");
/// How long a browser may remember what a preflight said, in seconds.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");

/// The origin of a page as browsers write it: scheme, host, and the port where it is not the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageOrigin(HeaderValue);

impl FromStr for PageOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
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

/// Which pages may call.
#[derive(Clone, Debug)]
pub(crate) struct Cors(Arc<[PageOrigin]>);

impl Cors {
    /// Lets in the pages of these origins and of no other.
    pub(crate) fn new(origins: &[PageOrigin]) -> Self {
        Self(origins.into())
    }

    /// The page behind a request, if it may call.
    pub(crate) fn caller(&self, request: &HeaderMap) -> Option<PageOrigin> {
        let mut named = request.get_all(header::ORIGIN).iter();
        let (Some(origin), None) = (named.next(), named.next()) else { return None };
        self.0.iter().find(|allowed| allowed.0 == origin).cloned()
    }

    /// Marks an answer as readable by the page that called.
    pub(crate) fn mark(&self, answer: &mut HeaderMap, caller: Option<PageOrigin>) {
        if !self.0.is_empty() {
            answer.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(PageOrigin(origin)) = caller {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
        }
    }
}

/// The answer to a browser that asks whether a page that may call may send a request like this; `None` if it
/// does not ask.
pub(crate) fn preflight(request: &Request) -> Option<Response> {
    let asks = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    asks.then(|| {
        let headers = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
        ];
        (StatusCode::NO_CONTENT, headers).into_response()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        for good in ["https://app.example", "http://localhost:5173", "http://[::1]:3000", "tauri://localhost"]
        {
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
            " https://app.example",
            "https://bücher.example",
        ] {
            assert!(bad.parse::<PageOrigin>().is_err(), "{bad:?}");
        }
    }
}
