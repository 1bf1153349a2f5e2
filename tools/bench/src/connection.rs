//! An HTTP/1.1 connection that is kept open, for a request at a time.
//!
//! The load shares a core with the database that it measures. So it does no more than it must: a request is one write, and of
//! an answer only status, length and body are looked at.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use keyward_servers::shell::Outcome;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::request::Request;

/// How long an answer may take before the run counts as failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Tokio's default number of tasks between two polls of the sockets.
pub(crate) const DEFAULT_INTERVAL: u32 = 61;

/// The most header fields of an answer.
const FIELDS: usize = 32;

/// A connection to a server on loopback. It belongs to the runtime on which it was opened.
pub(crate) struct Connection {
    stream: TcpStream,
    /// What has been read of an answer.
    read: Vec<u8>,
}

/// An answer, with all of its body.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

/// What the head of an answer says: its status, and where the head and the body end.
#[derive(Debug, PartialEq)]
struct Head {
    status: u16,
    head: usize,
    whole: usize,
}

impl Connection {
    pub(crate) async fn open(port: u16) -> Outcome<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
        let stream = stream.and_then(|stream| stream.set_nodelay(true).map(|()| stream));
        let stream = stream.map_err(|error| format!("No connection: {error}."))?;
        Ok(Self { stream, read: Vec::with_capacity(16 * 1024) })
    }

    pub(crate) async fn ask(&mut self, request: &Request) -> Outcome<Answer<'_>> {
        let Head { status, head, whole } =
            self.exchange(request).await.map_err(|error| format!("No answer: {error}."))?;
        Ok(Answer { status, body: &self.read[head..whole] })
    }

    /// Reads an answer, after which there is nothing: the server has no further request.
    async fn exchange(&mut self, request: &Request) -> io::Result<Head> {
        self.stream.write_all(request.bytes()).await?;
        self.read.clear();
        let mut head = None;
        loop {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if head.is_none() {
                head = parse(&self.read)?;
            }
            match head.take_if(|head| head.whole <= self.read.len()) {
                Some(head) if head.whole == self.read.len() => return Ok(head),
                Some(_) => return Err(invalid("it is longer than it says")),
                None => {}
            }
        }
    }
}

/// The head of an answer, if all of it is there. Its body has to have a length.
fn parse(bytes: &[u8]) -> io::Result<Option<Head>> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let parsed = answer.parse(bytes).map_err(|error| invalid(&error.to_string()))?;
    let httparse::Status::Complete(head) = parsed else { return Ok(None) };
    let length = answer.headers.iter().find(|field| field.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|field| std::str::from_utf8(field.value).ok()?.parse::<usize>().ok());
    let length = length.ok_or_else(|| invalid("it has no length"))?;
    Ok(Some(Head { status: answer.code.unwrap_or_default(), head, whole: head + length }))
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// A connection whose every call blocks the thread until it is done.
pub(crate) struct Blocking {
    runtime: Runtime,
    connection: Connection,
}

impl Blocking {
    pub(crate) fn open(port: u16) -> Outcome<Self> {
        let runtime = runtime(DEFAULT_INTERVAL)?;
        let connection = runtime.block_on(Connection::open(port))?;
        Ok(Self { runtime, connection })
    }

    pub(crate) fn ask(&mut self, request: &Request) -> Outcome<Answer<'_>> {
        let answer = async { timeout(PATIENCE, self.connection.ask(request)).await };
        self.runtime.block_on(answer).unwrap_or_else(|_| Err(format!("No answer within {PATIENCE:?}.")))
    }

    /// Returns the answer's JSON if its status is this one.
    pub(crate) fn json(&mut self, request: &Request, status: u16) -> Outcome<Value> {
        let answer = self.ask(request)?;
        let body = serde_json::from_slice(answer.body).unwrap_or(Value::Null);
        if answer.status == status {
            Ok(body)
        } else {
            Err(format!("The server answers {} instead of {status}: {body}.", answer.status))
        }
    }
}

/// A single-threaded runtime, which stays on the core of the calling thread. It polls its sockets after every `interval` tasks, and
/// when no task is ready.
pub(crate) fn runtime(interval: u32) -> Outcome<Runtime> {
    let runtime = Builder::new_current_thread().enable_all().event_interval(interval).build();
    runtime.map_err(|error| format!("No runtime for the load: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\nx-request-id: 1\r\n\r\nbody";
        for end in 0..answer.len() - 4 {
            assert_eq!(parse(&answer[..end]).unwrap(), None, "{end}");
        }
        let head = Head { status: 201, head: answer.len() - 4, whole: answer.len() };
        assert_eq!(parse(&answer[..answer.len() - 4]).unwrap(), Some(head));
        assert!(parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(parse(b"SSH-2.0-OpenSSH\r\n").is_err());
    }
}
