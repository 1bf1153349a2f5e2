//! The accept loop: HTTP/1.1 connections, in clear or in TLS, with every limit that `axum::serve` leaves
//! open.
//!
//! A connection must finish its handshake, send its request head and take its answer in time, or is cut;
//! heads are bounded in size and number of fields; there are never more than [`Limits::connections`], nor
//! more than [`Limits::per_address`] of one. When told to stop, the listener closes, requests under way are
//! finished, and those that only wait are told. HTTP/2 is deliberately not spoken.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, HeaderValue, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use keyward_api::boundary::proxies::{Proxies, ThroughUnixSocket};
use keyward_api::boundary::stopping::Stopping;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::Service;

use super::byte_budget::ByteBudget;
use super::connection_limiter::ConnectionLimiter;
use super::head_timer::HeadTimer;
use super::limits::Limits;
use super::paced::{Pace, Paced};
use super::tls::Tls;

/// How large a request head may be, in bytes; the parser may take up to twice as much before it notices.
const MAX_HEAD: usize = 32 * 1024;

/// What every answer over TLS promises for a year (RFC 6797): that there will be TLS.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What connections are accepted from: a TCP or a Unix socket.
pub trait Accepts: Send + Sync + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection, with its peer's address where it has one.
    fn next(&self) -> impl Future<Output = io::Result<(Self::Stream, Option<SocketAddr>)>> + Send;
}

impl Accepts for TcpListener {
    type Stream = TcpStream;

    async fn next(&self) -> io::Result<(TcpStream, Option<SocketAddr>)> {
        let (stream, peer) = self.accept().await?;
        drop(stream.set_nodelay(true));
        Ok((stream, Some(peer)))
    }
}

#[cfg(unix)]
impl Accepts for tokio::net::UnixListener {
    type Stream = tokio::net::UnixStream;

    async fn next(&self) -> io::Result<(tokio::net::UnixStream, Option<SocketAddr>)> {
        let (stream, _) = self.accept().await?;
        Ok((stream, None))
    }
}

/// Where connections come in, whether they speak TLS, and the proxies that say whose they are.
pub struct Listener<L = TcpListener> {
    listener: L,
    tls: Option<Tls>,
    proxies: Option<Proxies>,
}

impl<L> Listener<L> {
    /// Accepts from `listener`, with TLS where there is a certificate.
    pub fn new(listener: L, tls: Option<Tls>) -> Self {
        Self { listener, tls, proxies: None }
    }

    /// The same, where these proxies say who asks. Without, who is connected counts as the client.
    #[must_use]
    pub fn behind(self, proxies: Proxies) -> Self {
        Self { proxies: Some(proxies), ..self }
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::new(listener, None)
    }
}

/// Serves `router` until `stop` is ready, then finishes what is under way.
pub async fn serve<L: Accepts>(
    listener: impl Into<Listener<L>>,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let Listener { listener, tls, proxies } = listener.into();
    let graceful = GracefulShutdown::new();
    let (permits, limiter) =
        (Arc::new(Semaphore::new(limits.connections)), ConnectionLimiter::new(limits.per_address));
    let budget = ByteBudget::new(limits.bytes);
    let (open, closed) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        // Without an address it comes through the Unix socket, from a proxy on this machine, as from loopback.
        let slot = match peer.map(|peer| limiter.admit(peer.ip())) {
            Some(None) => {
                tracing::debug!(?peer, "an address has too many connections");
                continue;
            }
            slot => slot.flatten(),
        };
        let stream = Paced::new(stream, Pace { patience: limits.stall, rate: limits.rate });
        let stopping = Stopping::new(closed.clone());
        let connection = Connection {
            peer,
            secure: tls.is_some(),
            router: router.clone(),
            watcher: graceful.watcher(),
            budget: Arc::clone(&budget),
            proxies: proxies.clone(),
        };
        let (tls, mut closed) = (tls.clone(), closed.clone());
        tokio::spawn(stopping.scope(async move {
            let outcome = match tls {
                None => connection.serve(stream, limits).await,
                Some(tls) => tokio::select! {
                    biased;
                    _ = closed.changed() => Ok(()),
                    handshake = tokio::time::timeout(limits.handshake, tls.acceptor().accept(stream)) => match handshake {
                        Ok(Ok(stream)) => connection.serve(stream, limits).await,
                        Ok(Err(error)) => Err(error.into()),
                        Err(late) => Err(late.into()),
                    },
                },
            };
            if let Err(error) = outcome {
                tracing::debug!(?peer, error, "a connection ended early");
            }
            drop((permit, slot));
        }));
    }
    drop((listener, open));
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still under way after {:?} and are cut off", limits.drain);
    }
}

/// A connection, and what serves it.
struct Connection {
    peer: Option<SocketAddr>,
    secure: bool,
    router: Router,
    watcher: Watcher,
    budget: Arc<ByteBudget>,
    proxies: Option<Proxies>,
}

impl Connection {
    async fn serve<S>(self, stream: S, limits: Limits) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { peer, secure, router, watcher, budget, proxies } = self;
        let extensions = extensions(peer);
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            let (mut router, budget) = (router.clone(), Arc::clone(&budget));
            let client = client(peer, proxies.as_ref(), request.headers());
            request.extensions_mut().extend(extensions.clone());
            async move {
                let (head, body) = request.into_parts();
                let (body, account) = budget.counted(client, body);
                // A router is always ready.
                let mut response = router.call(hyper::Request::from_parts(head, body)).await?;
                if secure {
                    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
                }
                Ok::<_, Infallible>(budget.answer(response, &account))
            }
        });
        let connection = http(limits).serve_connection(TokioIo::new(stream), service);
        Ok(watcher.watch(connection).await?)
    }
}

/// What every request of a connection has: who is connected. There is room for what routing adds, or the table would grow with
/// each request.
fn extensions(peer: Option<SocketAddr>) -> Extensions {
    let mut extensions = Extensions::new();
    match peer {
        Some(peer) => extensions.insert(ConnectInfo(peer)).map(drop),
        None => extensions.insert(ThroughUnixSocket).map(drop),
    };
    // Removed, they leave their room, which copies have, too.
    extensions.insert(Room::<0>);
    extensions.insert(Room::<1>);
    extensions.insert(Room::<2>);
    extensions.remove::<Room<0>>();
    extensions.remove::<Room<1>>();
    extensions.remove::<Room<2>>();
    extensions
}

/// Keeps room among extensions.
#[derive(Clone)]
struct Room<const NUMBER: usize>;

/// Whose bytes are counted. A client without an address counts as one on this machine.
fn client(peer: Option<SocketAddr>, proxies: Option<&Proxies>, headers: &HeaderMap) -> IpAddr {
    let unknown = IpAddr::V4(Ipv4Addr::LOCALHOST);
    match (peer.map(|peer| peer.ip()), proxies) {
        (Some(peer), Some(proxies)) => proxies.client(peer, headers),
        (Some(peer), None) => peer,
        (None, proxies) => proxies.and_then(|proxies| proxies.client_of_socket(headers)).unwrap_or(unknown),
    }
}

type Permit = tokio::sync::OwnedSemaphorePermit;

async fn accept<L: Accepts>(
    listener: &L,
    permits: &Arc<Semaphore>,
) -> Option<(L::Stream, Option<SocketAddr>, Permit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match listener.next().await {
        Ok((stream, peer)) => Some((stream, peer, permit)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(50)).await; // out of file descriptors, most likely
            None
        }
    }
}

/// hyper's own bound of 100 header fields stands: to set it, even to 100, costs each request an allocation.
fn http(limits: Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(HeadTimer::default()).header_read_timeout(limits.head).max_buf_size(MAX_HEAD);
    http
}
