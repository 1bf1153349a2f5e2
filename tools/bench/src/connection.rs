//! An HTTP/1.1 connection that is kept open, for a request at a time.
//!
//! It is hyper's own: a pool, redirects and the like would cost the load more than the server it measures.

use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use keyward_servers::shell::Outcome;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::request::Request;

/// How long an answer may take before the run counts as failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Tokio's default number of tasks between two polls of the sockets.
pub(crate) const DEFAULT_INTERVAL: u32 = 61;

/// A connection to a server on loopback. It belongs to the runtime on which it was opened.
pub(crate) struct Connection(SendRequest<Full<Bytes>>);

/// An answer, with all of its body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl Connection {
    pub(crate) async fn open(port: u16) -> Outcome<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
        let stream = stream.and_then(|stream| stream.set_nodelay(true).map(|()| stream));
        let stream = stream.map_err(|error| format!("No connection: {error}."))?;
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|error| format!("No connection: {error}."))?;
        // If it fails, so does the request that waits for it.
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    pub(crate) async fn ask(&mut self, request: &Request) -> Outcome<Answer> {
        self.exchange(request).await.map_err(|error| format!("No answer: {error}."))
    }

    async fn exchange(&mut self, request: &Request) -> hyper::Result<Answer> {
        self.0.ready().await?;
        let answer = self.0.send_request(request.to_http()).await?;
        let status = answer.status().as_u16();
        Ok(Answer { status, body: answer.into_body().collect().await?.to_bytes() })
    }
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

    pub(crate) fn ask(&mut self, request: &Request) -> Outcome<Answer> {
        let answer = async { timeout(PATIENCE, self.connection.ask(request)).await };
        self.runtime.block_on(answer).unwrap_or_else(|_| Err(format!("No answer within {PATIENCE:?}.")))
    }

    /// Returns the answer's JSON if its status is this one.
    pub(crate) fn json(&mut self, request: &Request, status: u16) -> Outcome<Value> {
        let answer = self.ask(request)?;
        let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
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
