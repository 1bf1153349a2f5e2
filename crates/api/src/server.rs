//! The accept loop: HTTP/1.1 connections with every limit that `axum::serve` leaves open.
//!
//! A connection must send its request head in time, or is cut; heads are bounded in size and number of fields; there
//! are never more than [`Limits::connections`]. When told to stop, the listener closes, requests under way are finished.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// How large a request head may be, in bytes; the parser may take up to twice as much before it notices.
const MAX_HEAD: usize = 32 * 1024;
/// How many header fields a request may have.
const MAX_FIELDS: usize = 100;

/// What connections may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many may be open at once; more wait in the system's queue.
    pub connections: usize,
    /// How long a request head may take, and a connection may idle between requests.
    pub head: Duration,
    /// How long requests under way may take once we were told to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 4096, head: Duration::from_secs(15), drain: Duration::from_secs(30) }
    }
}

/// Serves `router` until `stop` is ready, then finishes what is under way.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(limits.connections));
    let http = http(limits);
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        let router = router.clone();
        drop(stream.set_nodelay(true));
        let service = service_fn(move |request| answer(router.clone(), peer, request));
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still under way after {:?} and are cut off", limits.drain);
    }
}

type Permit = tokio::sync::OwnedSemaphorePermit;

async fn accept(listener: &TcpListener, permits: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, Permit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, permit)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(50)).await; // out of file descriptors, most likely
            None
        }
    }
}

async fn answer(
    router: Router,
    peer: SocketAddr,
    request: hyper::Request<Incoming>,
) -> Result<axum::response::Response, Infallible> {
    let mut request = request.map(axum::body::Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    router.oneshot(request).await
}

fn http(limits: Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_FIELDS);
    http
}
