//! The port of a login: open on 127.0.0.1 until the one request has come that the login waits for.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::answer::{Expected, page};
use crate::Error;

/// The longest head of a request, in bytes.
const HEAD: usize = 16 * 1024;
/// How long a head may take to come, and an answer to go out.
const SHORTLY: Duration = Duration::from_secs(5);
/// How many connections are served at once. Browsers open some that they never use.
const CONNECTIONS: usize = 64;

/// An open port.
pub(super) struct Listener {
    socket: TcpListener,
    host: String,
    redirect_uri: String,
}

impl Listener {
    /// Opens a free port.
    pub(super) async fn bind(path: &str) -> io::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let host = socket.local_addr()?.to_string();
        Ok(Self { redirect_uri: format!("http://{host}{path}"), host, socket })
    }

    /// As browsers name it: `127.0.0.1:49152`.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Waits for the expected request, and answers 404 to all others. Each connection has a task of its own: one that sends
    /// nothing holds up no other.
    pub(super) async fn receive(&self, expected: Expected) -> Result<String, Error> {
        let expected = Arc::new(expected);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.socket.accept(), if connections.len() < CONNECTIONS => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(serve(stream, Arc::clone(&expected)));
                    }
                    // Aborted before it was accepted, or no file descriptor is free now.
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                },
                Some(served) = connections.join_next() => {
                    if let Ok(Some(answer)) = served {
                        return answer;
                    }
                }
            }
        }
    }
}

/// Serves one request, and returns what it says about the login.
async fn serve(mut stream: TcpStream, expected: Arc<Expected>) -> Option<Result<String, Error>> {
    let head = timeout(SHORTLY, read_head(&mut stream)).await.ok()?.ok()?;
    let (answer, page) = match head {
        None => (None, page("431 Request Header Fields Too Large", "This request is too long.")),
        Some(head) => {
            let answer = expected.judge(&head);
            let page = match &answer {
                Some(Ok(_)) => page("200 OK", "You may close this window and return to the program."),
                Some(Err(_)) => {
                    page("400 Bad Request", "You are not logged in. Please return to the program.")
                }
                None => page("404 Not Found", "There is nothing here."),
            };
            (answer, page)
        }
    };
    // A browser that takes no page has sent its answer all the same.
    let _ = timeout(SHORTLY, async {
        stream.write_all(page.as_bytes()).await?;
        stream.shutdown().await
    })
    .await;
    answer
}

/// A request's head with the empty line at its end; `None` if it is too long.
async fn read_head(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    let mut part = [0; 2048];
    loop {
        let count = stream.read(&mut part).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // The end may lie across two parts.
        let from = head.len().saturating_sub(3);
        head.extend_from_slice(&part[..count]);
        if head[from..].windows(4).any(|window| window == b"\r\n\r\n") {
            return Ok(Some(head));
        }
        if head.len() > HEAD {
            return Ok(None);
        }
    }
}
