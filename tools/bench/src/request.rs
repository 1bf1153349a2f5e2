//! Requests, and callers that make them one after the other.

use std::io::Write;

use keyward_servers::shell::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A request that can be sent again and again.
#[derive(Clone)]
pub(crate) struct Request {
    bytes: Vec<u8>,
    /// How long the part is that does not depend on the body.
    head: usize,
}

impl Request {
    /// `line` is method and path, as in `GET /posts`; an empty token and a null body are left out.
    pub(crate) fn new(line: &str, token: &str, body: &Value) -> Self {
        let mut head = format!("{line} HTTP/1.1\r\nhost: 127.0.0.1\r\n");
        if !token.is_empty() {
            head.extend(["authorization: Bearer ", token, "\r\n"]);
        }
        if !body.is_null() {
            head.push_str("content-type: application/json\r\n");
        }
        let mut request = Self { head: head.len(), bytes: head.into() };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        request.set_body(body.as_bytes());
        request
    }

    fn set_body(&mut self, body: &[u8]) {
        self.bytes.truncate(self.head);
        if !body.is_empty() {
            // Writing into memory does not fail.
            write!(self.bytes, "content-length: {}\r\n", body.len()).ok();
        }
        self.bytes.extend_from_slice(b"\r\n");
        self.bytes.extend_from_slice(body);
    }

    /// As it is sent.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
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
    pub(crate) fn with(tokens: &Value) -> Self {
        let body = json!({ "refresh_token": tokens["refresh_token"] });
        Self(Request::new("POST /refresh_token", "", &body))
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
        self.0.set_body(&tokens);
        Ok(())
    }
}
