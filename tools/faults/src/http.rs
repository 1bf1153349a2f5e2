//! Requests, each on a connection of its own, and what is known when one gets no answer.

use std::time::Duration;

use keyward_servers::shell::Outcome;
use reqwest::header::LINK;
use reqwest::{Method, redirect, retry};
use serde_json::Value;

/// How long an answer may take: the server gives up a request after 30 s.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

#[derive(Clone, Default)]
pub(crate) struct Call<'a> {
    /// Method and path, as in `GET /posts`.
    pub(crate) line: &'a str,
    /// The access token; empty for none.
    pub(crate) token: &'a str,
    /// The `Idempotency-Key`; empty for none.
    pub(crate) key: &'a str,
    /// The body; null for none.
    pub(crate) body: Value,
}

/// What a server answers.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// The path of the list's next page.
    pub(crate) next: Option<String>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Lost {
    /// No connection: nothing has happened.
    Unsent,
    /// It may have been carried out, or not.
    Unknown(reqwest::Error),
}

/// Sends requests to servers on loopback.
#[derive(Clone)]
pub(crate) struct Client(reqwest::blocking::Client);

impl Client {
    pub(crate) fn new() -> Outcome<Self> {
        let client = reqwest::blocking::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .timeout(PATIENCE)
            .redirect(redirect::Policy::none())
            // The ledger has to know of every try, and a connection that is used again may be dead already.
            .retry(retry::never())
            .pool_max_idle_per_host(0)
            .build();
        client.map(Self).map_err(|error| format!("No HTTP client: {error}."))
    }

    /// Sends a request and waits for the whole answer.
    pub(crate) fn ask(&self, port: u16, call: &Call<'_>) -> Result<Answer, Lost> {
        let (method, path) = call.line.split_once(' ').unwrap_or(("GET", call.line));
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let mut request = self.0.request(method, format!("http://127.0.0.1:{port}{path}"));
        if !call.token.is_empty() {
            request = request.bearer_auth(call.token);
        }
        if !call.key.is_empty() {
            request = request.header("Idempotency-Key", call.key);
        }
        if !call.body.is_null() {
            request = request.json(&call.body);
        }
        let answer = request
            .send()
            .map_err(|error| if error.is_connect() { Lost::Unsent } else { Lost::Unknown(error) })?;
        let status = answer.status().as_u16();
        let link = answer.headers().get(LINK).and_then(|link| link.to_str().ok());
        let next = link.and_then(|link| Some(link.strip_prefix('<')?.split_once('>')?.0.to_owned()));
        let body = answer.bytes().map_err(Lost::Unknown)?;
        Ok(Answer { status, body: serde_json::from_slice(&body).unwrap_or_default(), next })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};

    use keyward_servers::ports;

    use super::*;

    /// A server that answers one request with `reply` and hangs up.
    fn server_saying(reply: &'static str) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let read = stream.read(&mut [0; 4096]).expect("a request");
            assert_ne!(read, 0);
            stream.write_all(reply.as_bytes()).expect("a client");
        });
        port
    }

    fn ask(port: u16) -> Result<Answer, Lost> {
        let call = Call { line: "GET /posts", ..Call::default() };
        Client::new().expect("a client").ask(port, &call)
    }

    #[test]
    fn only_a_whole_answer_is_one() {
        let whole =
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nlink: </posts?after=A>; rel=\"next\"\r\n\r\ntrue";
        let answer = ask(server_saying(whole)).expect("it is whole");
        assert_eq!((answer.status, answer.body), (200, Value::Bool(true)));
        assert_eq!(answer.next.as_deref(), Some("/posts?after=A"));
        for cut in [0, 12, 30, whole.len() - 4, whole.len() - 1] {
            assert!(matches!(ask(server_saying(&whole[..cut])), Err(Lost::Unknown(_))), "{cut}");
        }
    }

    #[test]
    fn without_a_connection_nothing_was_sent() {
        assert!(matches!(ask(ports::free().expect("a port")), Err(Lost::Unsent)));
    }
}
