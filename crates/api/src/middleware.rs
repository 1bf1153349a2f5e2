//! The boundary: what happens to every request and answer, on every route.
//!
//! A request gets an id and a span, a well-formed `Host`, a deadline and a net under panics; an answer gets
//! the id and the headers that keep browsers from guessing. One log line a request: method, path (never the
//! query), status, time, and in its span the request's id, and user and session once the lock knows them.

use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_web::RequestId;
use tower::{Layer, Service};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::boundary::cors::PageOrigin;
use crate::boundary::guarded::guarded;
use crate::boundary::host::host_is_sound;
use crate::boundary::rare::Rare;
use crate::boundary::security_headers;
use crate::codes::INVALID_HOST;
use crate::error::ApiError;
use crate::error_pages::{pages_for, shown};
use crate::metrics::counters::UnderWay;
use crate::resources::pages::Pages;
use crate::routes::oauth::check::OfAnotherService;
use crate::state::AppState;

/// How long a request may take, body included.
const DEADLINE: Duration = Duration::from_secs(30);

/// Puts the boundary around every route. `axum::middleware::from_fn` does the same, and moves and boxes each request once more.
#[derive(Clone)]
pub(crate) struct Boundary(pub(crate) AppState, pub(crate) Option<Pages>);

/// A service inside the boundary.
#[derive(Clone)]
pub(crate) struct Within<S> {
    state: AppState,
    pages: Option<Pages>,
    inner: S,
}

impl<S> Layer<S> for Boundary {
    type Service = Within<S>;

    fn layer(&self, inner: S) -> Within<S> {
        Within { state: self.0.clone(), pages: self.1, inner }
    }
}

/// A route, of any type.
trait Inner: Service<Request, Response = Response, Error = Infallible, Future: Send> + Send + 'static {}

impl<S> Inner for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Send + 'static
{
}

impl<S: Inner> Service<Request> for Within<S>
where
    S::Future: 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let (arrival, span) = Arrival::of(self.state.clone(), self.pages, &mut request);
        let answer = span.in_scope(|| match arrival.early(&request) {
            Some(answer) => Err(answer),
            None => Ok(self.inner.call(request)),
        });
        Box::pin(arrival.answered(answer, span))
    }
}

/// The parts of a request that completing and logging its answer needs. The request itself goes to the handler, so that the future that waits
/// for the answer stays small.
struct Arrival {
    state: AppState,
    /// Set if errors of this request are shown as pages.
    pages: Option<Pages>,
    rare: Rare,
    id: HeaderValue,
    method: Method,
    target: Option<PathAndQuery>,
    route: Option<MatchedPath>,
    client: Option<IpAddr>,
    /// The origin of the page that sent the request, if it is allowed.
    caller: Option<PageOrigin>,
    started: Instant,
    /// Dropped with everything else here when the client hangs up.
    _under_way: UnderWay,
}

impl Arrival {
    /// Reads a request, and adds the extensions that handlers use.
    fn of(state: AppState, pages: Option<Pages>, request: &mut Request) -> (Self, Span) {
        let started = Instant::now();
        let rare = Rare::of(request.headers());
        let id = rare.id.then(|| RequestId::sent(request.headers())).flatten().unwrap_or_default();
        let header = id.header();
        let (method, target) = (request.method().clone(), request.uri().path_and_query().cloned());
        let route = request.extensions().get::<MatchedPath>().cloned();
        let span = span(id.as_str(), &method, route.as_ref());
        request.extensions_mut().insert(id);
        if let Some(base) = &state.public.base {
            request.extensions_mut().insert(base.clone());
        }
        let client = state.proxies.client_behind(request);
        let caller = rare.from_page.then(|| state.cors.caller(request.headers())).flatten();
        let pages = pages_for(request, pages, &state);
        let under_way = state.metrics.begin();
        let arrival = Self {
            state,
            pages,
            rare,
            id: header,
            method,
            target,
            route,
            client,
            caller,
            started,
            _under_way: under_way,
        };
        (arrival, span)
    }

    /// The answer to a request that reaches no handler: a bad `Host`, or a preflight.
    fn early(&self, request: &Request) -> Option<Response> {
        if self.rare.from_page {
            self.state.cors.note(request, self.caller.as_ref());
        }
        if !host_is_sound(request) {
            let words = "The Host header is missing, repeated or malformed.";
            return Some(ApiError::new(StatusCode::BAD_REQUEST, INVALID_HOST, words).into_response());
        }
        self.caller.as_ref().and_then(|_| self.state.cors.preflight(request))
    }

    /// Waits for the answer, adds its headers and logs it.
    async fn answered<F>(self, answer: Result<F, Response>, span: Span) -> Result<Response, Infallible>
    where
        F: Future<Output = Result<Response, Infallible>> + Send + 'static,
    {
        let (reads, end) = (self.method.is_safe(), self.started + DEADLINE);
        let answer = async move {
            match answer {
                Ok(answer) => guarded(answer, reads, end).await,
                Err(answer) => answer,
            }
        };
        let mut answer = pin!(answer.instrument(span));
        let response = answer.as_mut().await;
        let span = answer.as_ref().get_ref().span();
        // Destructured only after the await: before it, the future would store every field twice.
        let Self { state, pages, rare, method, target, started, .. } = self;
        let mut response = shown(pages, &state, response);
        security_headers::complete(response.headers_mut(), self.id);
        state.cors.mark(response.headers_mut(), self.caller);
        let is_ours = |answer: &Response| answer.extensions().get::<OfAnotherService>().is_none();
        if rare.proven && is_ours(&response) && !is_public(&response) {
            state.endpoint_proofs.hand_out(response.headers_mut());
        }
        if matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) && is_ours(&response)
        {
            state.resource.mark(response.headers_mut());
        }
        if rare.in_chunks {
            // RFC 9112, section 6.1: it may have had a Content-Length, too, which the parser drops before we see
            // it. Then a proxy in between may take what follows for part of this request.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let elapsed = started.elapsed();
        state.metrics.end(&method, self.route, response.status(), elapsed);
        let status = response.status().as_u16();
        #[cfg(feature = "otlp")]
        span.record("http.response.status_code", status);
        let elapsed_ms = milliseconds(elapsed);
        let client = self.client.map(|client| tracing::field::display(Address(client)));
        let (method, path) = (method.as_str(), target.as_ref().map_or("", PathAndQuery::path));
        tracing::info!(parent: span, method, path, status, elapsed_ms, client, "answered");
        Ok(response)
    }
}

/// Whether caches may hand the answer to others, for whom a nonce in it is not meant.
fn is_public(answer: &Response) -> bool {
    let fields = answer.headers().get_all(header::CACHE_CONTROL);
    fields.iter().any(|field| field.as_bytes().starts_with(b"public"))
}

/// An IP address as it is always written, in one piece: an IPv4 address has it in a quarter of the time.
struct Address(IpAddr);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IpAddr::V4(address) = self.0 else { return self.0.fmt(f) };
        let (mut text, mut length) = ([b'.'; 15], 0);
        for (index, octet) in address.octets().into_iter().enumerate() {
            length += usize::from(index > 0);
            for (least, unit) in [(100, 100), (10, 10), (0, 1)] {
                if octet >= least {
                    text[length] = b'0' + octet / unit % 10;
                    length += 1;
                }
            }
        }
        f.write_str(std::str::from_utf8(&text[..length]).unwrap_or_default())
    }
}

/// With three decimals.
fn milliseconds(time: Duration) -> f64 {
    f64::from(u32::try_from(time.as_micros()).unwrap_or(u32::MAX)) / 1000.0
}

/// The span around everything that happens for a request.
#[cfg(not(feature = "otlp"))]
fn span(id: &str, _: &Method, _: Option<&MatchedPath>) -> Span {
    tracing::info_span!("request", id, user = Empty, session = Empty, api_key = Empty)
}

/// The span around everything that happens for a request, named as OpenTelemetry names those of HTTP servers.
#[cfg(feature = "otlp")]
fn span(id: &str, method: &Method, route: Option<&MatchedPath>) -> Span {
    let route = route.map_or("none", MatchedPath::as_str);
    tracing::info_span!(
        "request",
        id,
        user = Empty,
        session = Empty,
        api_key = Empty,
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = %method,
        http.route = route,
        http.response.status_code = Empty,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_the_standard_library_writes_it() {
        let numbers = [0, 1, 9, 10, 19, 99, 100, 101, 110, 199, 200, 255];
        for one in numbers {
            for other in numbers {
                let address = IpAddr::from([one, other, other, one]);
                assert_eq!(Address(address).to_string(), address.to_string());
            }
        }
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        assert_eq!(Address(address).to_string(), "2001:db8::1");
    }
}
