//! A client of a server at an address of this machine.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::process::text;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client, one connection a request.
pub(crate) struct Caller(pub(crate) SocketAddr);

impl Caller {
    /// What listens on this port of loopback.
    pub(crate) fn at(port: u16) -> Self {
        Self(([127, 0, 0, 1], port).into())
    }

    /// An answer to a JSON body: its status and its body.
    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let bearer =
            if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        self.exchange(&format!("{method} {path}"), &format!("{bearer}Content-Type: application/json"), &body)
    }

    /// An answer to a form.
    pub(crate) fn form(&self, path: &str, body: &str) -> (u16, Value) {
        self.exchange(&format!("POST {path}"), "Content-Type: application/x-www-form-urlencoded", body)
    }

    /// An answer to a request with these header fields.
    pub(crate) fn exchange(&self, target: &str, headers: &str, body: &str) -> (u16, Value) {
        let (head, body) = self.raw(target, headers, body);
        (status(&head), serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// A page, or what one loads: its status and its text.
    pub(crate) fn page(&self, path: &str) -> (u16, String) {
        let (head, body) = self.raw(&format!("GET {path}"), "Accept: text/html", "");
        (status(&head), body)
    }

    /// Head and body of an answer.
    pub(crate) fn raw(&self, target: &str, headers: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.0).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (host, length) = (self.0, body.len());
        let request = format!(
            "{target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = text(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
        (head.to_owned(), body.to_owned())
    }
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}
