//! Requests, and callers that make them one after the other.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http_body_util::Full;
use keyward_servers::shell::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A request that can be sent again and again.
#[derive(Clone)]
pub(crate) struct Request(http::Request<Full<Bytes>>);

impl Request {
    /// `line` is method and path, as in `GET /posts`; an empty token and a null body are left out.
    pub(crate) fn new(line: &str, token: &str, body: &Value) -> Outcome<Self> {
        let (method, path) = line.split_once(' ').ok_or_else(|| format!("{line:?} has no path."))?;
        let mut request = http::Request::builder().method(method).uri(path).header(HOST, "127.0.0.1");
        if !token.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let mut bytes = Bytes::new();
        if !body.is_null() {
            request = request.header(CONTENT_TYPE, "application/json");
            bytes = body.to_string().into();
        }
        let request = request.body(Full::new(bytes));
        request.map(Self).map_err(|error| format!("{line:?} cannot be sent: {error}."))
    }

    pub(crate) fn to_http(&self) -> http::Request<Full<Bytes>> {
        self.0.clone()
    }
}

/// One caller on a connection: its next request, and what it takes from the answer.
pub(crate) trait Caller: Send {
    fn next(&mut self) -> &Request;

    fn answered(&mut self, _body: &[u8]) -> Outcome {
        Ok(())
    }
}

/// The same request each time.
impl Caller for Request {
    fn next(&mut self) -> &Request {
        self
    }
}

/// Spends a refresh token, then the one that it got for it.
pub(crate) struct Refreshing(Request);

/// The refresh token of an answer, and the body of the next request.
#[derive(Serialize, Deserialize)]
struct Tokens<'a> {
    refresh_token: &'a str,
}

impl Refreshing {
    /// Goes on with the refresh token of a login.
    pub(crate) fn with(tokens: &Value) -> Outcome<Self> {
        let body = json!({ "refresh_token": tokens["refresh_token"] });
        Request::new("POST /refresh_token", "", &body).map(Self)
    }
}

impl Caller for Refreshing {
    fn next(&mut self) -> &Request {
        &self.0
    }

    fn answered(&mut self, body: &[u8]) -> Outcome {
        let tokens =
            serde_json::from_slice::<Tokens<'_>>(body).and_then(|tokens| serde_json::to_vec(&tokens));
        let tokens = tokens.map_err(|error| format!("An answer holds no tokens: {error}."))?;
        *self.0.0.body_mut() = Full::new(tokens.into());
        Ok(())
    }
}
