//! The boundary: what happens to every request and answer, on every route.
//!
//! A request gets an id and a span, a well-formed `Host`, a deadline and a net under panics; an answer gets
//! the id and the headers that keep browsers from guessing. One log line a request: method, path (never the
//! query), status, time, and in its span the request's id, and user and session once the lock knows them.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use keyward_web::RequestId;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::boundary::host::is_host;
use crate::codes::INVALID_HOST;
use crate::error::ApiError;
use crate::state::AppState;

/// How long a request may take, body included.
const DEADLINE: Duration = Duration::from_secs(30);

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");

/// Runs the request inside the boundary.
pub(crate) async fn boundary(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = RequestId::sent(request.headers()).unwrap_or_default();
    let header = id.header();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let span = span(id.as_str(), &method, route.as_ref());
    request.extensions_mut().insert(id);
    if let Some(base) = &state.public.base {
        request.extensions_mut().insert(base.clone());
    }
    let client = state.proxies.client_behind(&mut request);
    let in_chunks = request.headers().contains_key(header::TRANSFER_ENCODING);
    let caller = state.cors.caller(request.headers());
    let started = Instant::now();
    // Dropped with everything else here when the client hangs up.
    let _under_way = state.metrics.begin();
    span.in_scope(|| state.cors.note(&request, caller.as_ref()));
    let answer = caller.as_ref().and_then(|_| state.cors.preflight(&request));
    let mut response = guarded(request, answer, next).instrument(span.clone()).await;
    finish(response.headers_mut(), header);
    state.cors.mark(response.headers_mut(), caller);
    if in_chunks {
        // RFC 9112, section 6.1: it may have had a Content-Length, too, which the parser drops before we see
        // it. Then a proxy in between may take what follows for part of this request.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let elapsed = started.elapsed();
    state.metrics.end(&method, route, response.status(), elapsed);
    let status = response.status().as_u16();
    #[cfg(feature = "otlp")]
    span.record("http.response.status_code", status);
    let (client, elapsed_ms) = (client.map(tracing::field::display), milliseconds(elapsed));
    span.in_scope(|| tracing::info!(%method, path, status, elapsed_ms, client, "answered"));
    response
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

/// The answer to a request: `answer` where there is one already.
async fn guarded(request: Request, answer: Option<Response>, next: Next) -> Response {
    if !host_is_sound(&request) {
        return {
            let words = "The Host header is missing, repeated or malformed.";
            ApiError::new(StatusCode::BAD_REQUEST, INVALID_HOST, words).into_response()
        };
    }
    if let Some(answer) = answer {
        return answer;
    }
    let reads = request.method().is_safe();
    let answer = tokio::time::timeout(DEADLINE, next.run(request));
    let answer = if reads {
        unwinding(answer).await
    } else {
        // A task of its own, so that what writes is never dropped half-way when the client hangs up.
        match tokio::spawn(answer.in_current_span()).await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(error.try_into_panic().unwrap_or_else(|_| Box::new("cancelled"))),
        }
    };
    match answer {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => ApiError::unavailable().into_response(),
        Err(panic) => {
            tracing::error!(cause = message(&*panic), "a handler did not finish");
            ApiError::internal().into_response()
        }
    }
}

/// The future's value, or its panic.
async fn unwinding<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    // Not polled again after a panic.
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic")
}

/// RFC 9112, section 3.2: exactly one `Host`, and a valid one, even beside an absolute target; HTTP/1.0 may
/// go without. RFC 9113, section 8.3.1: in HTTP/2 the target's authority stands for it.
fn host_is_sound(request: &Request) -> bool {
    let authority = request.uri().authority().filter(|_| request.version() >= Version::HTTP_2);
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if request.version() == Version::HTTP_10 => true,
        (None, _) => authority.is_some_and(|authority| is_host(authority.as_str().as_bytes())),
        (Some(host), None) => is_host(host.as_bytes()),
        (Some(_), Some(_)) => false,
    }
}

fn finish(headers: &mut HeaderMap, id: HeaderValue) {
    headers.insert(RequestId::HEADER, id);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(OPENER_POLICY, SAME_ORIGIN);
    headers.insert(RESOURCE_POLICY, SAME_ORIGIN);
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn sound(version: Version, target: &str, hosts: &[&str]) -> bool {
        let mut request = Request::builder().version(version).uri(target);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        host_is_sound(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn a_request_says_whom_it_is_for() {
        let absolute = "https://a.example/x";
        assert!(sound(Version::HTTP_10, "/x", &[]));
        assert!(sound(Version::HTTP_11, "/x", &["a.example"]));
        assert!(!sound(Version::HTTP_11, "/x", &[]));
        assert!(!sound(Version::HTTP_11, absolute, &[]), "not even beside an absolute target");
        assert!(!sound(Version::HTTP_11, "/x", &["a.example", "a.example"]));
        assert!(sound(Version::HTTP_2, absolute, &[]));
        assert!(sound(Version::HTTP_2, "/x", &["a.example"]), "an intermediary may have translated it");
        assert!(!sound(Version::HTTP_2, "/x", &[]));
        assert!(!sound(Version::HTTP_2, absolute, &["a b"]));
    }
}
