//! The accept loop: HTTP/1.1 connections, in clear or in TLS, with every limit that `axum::serve` leaves open.
//!
//! A connection must finish its handshake, send its request head and take its answer in time, or is cut; heads are bounded
//! in size and number of fields; there are never more than [`Limits::connections`], nor more than [`Limits::per_address`] of one.
//! When told to stop, the listener closes, requests under way are finished, and those that only wait are told. HTTP/2 is deliberately not spoken.

mod crowd;
mod files;
mod tls;

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use self::crowd::Crowd;
pub use self::files::allow_files;
pub use self::tls::{Tls, TlsError};
use crate::feed::Stopping;

/// How large a request head may be, in bytes; the parser may take up to twice as much before it notices.
const MAX_HEAD: usize = 32 * 1024;
/// How many header fields a request may have.
const MAX_FIELDS: usize = 100;

/// What every answer over TLS promises for a year (RFC 6797): that there will be TLS.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Where connections come in, and whether they speak TLS.
pub struct Door {
    listener: TcpListener,
    tls: Option<Tls>,
}

impl Door {
    /// Behind `listener`, with TLS where there is a certificate.
    pub fn new(listener: TcpListener, tls: Option<Tls>) -> Self {
        Self { listener, tls }
    }
}

impl From<TcpListener> for Door {
    fn from(listener: TcpListener) -> Self {
        Self::new(listener, None)
    }
}

/// What connections may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many may be open at once; more wait in the system's queue.
    pub connections: usize,
    /// How many of them one address may have, an IPv6 address with its /64; further ones are closed. Loopback may have all.
    pub per_address: usize,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long a request head may take, and a connection may idle between requests.
    pub head: Duration,
    /// How long nothing of an answer may get off before the connection is cut.
    pub stall: Duration,
    /// How long requests under way may take once we were told to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            per_address: 1024,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(15),
            stall: Duration::from_secs(30),
            drain: Duration::from_secs(30),
        }
    }
}

/// Serves `router` until `stop` is ready, then finishes what is under way.
pub async fn serve(door: impl Into<Door>, router: Router, limits: Limits, stop: impl Future<Output = ()>) {
    let Door { listener, tls } = door.into();
    let graceful = GracefulShutdown::new();
    let (permits, crowd) = (Arc::new(Semaphore::new(limits.connections)), Crowd::new(limits.per_address));
    let (open, closed) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        let Some(place) = crowd.admit(peer.ip()) else {
            tracing::debug!(%peer, "an address has too many connections");
            continue;
        };
        drop(stream.set_nodelay(true));
        let mut stream = Box::pin(TimeoutStream::new(stream));
        stream.as_mut().set_write_timeout_pinned(Some(limits.stall));
        let stopping = Stopping::new(closed.clone());
        let visit = Visit {
            peer,
            secure: tls.is_some(),
            router: router.clone(),
            watcher: graceful.watcher(),
            stopping,
        };
        let (tls, mut closed) = (tls.clone(), closed.clone());
        tokio::spawn(async move {
            let outcome = match tls {
                None => visit.converse(stream, limits).await,
                Some(tls) => tokio::select! {
                    biased;
                    _ = closed.changed() => Ok(()),
                    greeted = tokio::time::timeout(limits.handshake, tls.acceptor().accept(stream)) => match greeted {
                        Ok(Ok(stream)) => visit.converse(stream, limits).await,
                        Ok(Err(error)) => Err(error.into()),
                        Err(late) => Err(late.into()),
                    },
                },
            };
            if let Err(error) = outcome {
                tracing::debug!(%peer, error, "a connection ended early");
            }
            drop((permit, place));
        });
    }
    drop((listener, open));
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still under way after {:?} and are cut off", limits.drain);
    }
}

/// A connection and what it came for.
struct Visit {
    peer: SocketAddr,
    secure: bool,
    router: Router,
    watcher: Watcher,
    stopping: Stopping,
}

impl Visit {
    async fn converse<S>(self, stream: S, limits: Limits) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { peer, secure, router, watcher, stopping } = self;
        let service =
            service_fn(move |request| answer(router.clone(), peer, secure, stopping.clone(), request));
        let connection = http(limits).serve_connection(TokioIo::new(stream), service);
        Ok(watcher.watch(connection).await?)
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
    secure: bool,
    stopping: Stopping,
    request: hyper::Request<Incoming>,
) -> Result<axum::response::Response, Infallible> {
    let mut request = request.map(axum::body::Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(stopping);
    let mut response = router.oneshot(request).await?;
    if secure {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    Ok(response)
}

fn http(limits: Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_FIELDS);
    http
}
