//! One request on a connection of its own: all of HTTP/1.1 that the load generator needs.

use std::io::{Error, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// How long an answer may take: the server gives up a request after 30 s.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// A request.
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
    /// Null where there is none.
    pub(crate) body: Value,
    /// The path of the list's next page.
    pub(crate) next: Option<String>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Lost {
    /// Nobody took the request: nothing has happened.
    Unsent,
    /// It may have been carried out, or not.
    Unknown(Error),
}

/// Sends a request to a server on loopback and waits for the whole answer.
pub(crate) fn ask(port: u16, call: &Call<'_>) -> Result<Answer, Lost> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(|_| Lost::Unsent)?;
    exchange(&mut stream, port, call).map_err(Lost::Unknown)
}

fn exchange(stream: &mut TcpStream, port: u16, call: &Call<'_>) -> Result<Answer, Error> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(written(port, call).as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    read(&String::from_utf8_lossy(&answer)).ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))
}

fn written(port: u16, call: &Call<'_>) -> String {
    let body = if call.body.is_null() { String::new() } else { call.body.to_string() };
    let mut head = format!("{} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n", call.line);
    for (name, value) in [("Authorization: Bearer", call.token), ("Idempotency-Key:", call.key)] {
        if !value.is_empty() {
            head.extend([name, " ", value, "\r\n"]);
        }
    }
    if !body.is_empty() {
        head += "Content-Type: application/json\r\n";
    }
    head + &format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

/// The answer, if all of it is there.
fn read(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let field = |name: &str| {
        let of_name = |line: &str| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        };
        head.lines().find_map(of_name)
    };
    let length = field("content-length").map_or(Some(0), |length| length.parse().ok())?;
    if body.len() != length {
        return None;
    }
    let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body).unwrap_or_default() };
    let next = field("link").and_then(|link| Some(link.strip_prefix('<')?.split_once('>')?.0.to_owned()));
    Some(Answer { status, body, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_cut_off_is_none() {
        let whole =
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nlink: </posts?after=A>; rel=\"next\"\r\n\r\ntrue";
        let answer = read(whole).expect("it is whole");
        assert_eq!((answer.status, answer.body), (200, Value::Bool(true)));
        assert_eq!(answer.next.as_deref(), Some("/posts?after=A"));
        for cut in 0..whole.len() {
            assert!(read(&whole[..cut]).is_none(), "{cut}");
        }
    }
}
