//! The lock for services that are no axum handlers: a `tower` layer that checks the bearer token before the service is
//! called, and puts the [`Principal`] into the request's extensions. gRPC calls are refused in gRPC's own way.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{Either, Full};
use tower_layer::Layer;
use tower_service::Service;

use crate::admission::{Arriving, admit};
use crate::principal::{authenticated, opened_by, require};
use crate::refused::Refused;
use crate::{Authenticator, Freshness, OpenedBy, Principal, ProtectedResource, Refusal, StepUp};

/// The body of an answer: a refusal's, or the service's.
pub type BearerBody<B> = Either<Full<Bytes>, B>;

/// Lets pass only requests with a good access token, for any `tower` service over HTTP.
///
/// The caller is in the request's extensions: `request.extensions().get::<Principal>()`. Refusals are 401, 403, 429 or
/// 503 and the challenge of RFC 6750; a gRPC call (`content-type: application/grpc`) gets the status `UNAUTHENTICATED`,
/// `PERMISSION_DENIED`, `RESOURCE_EXHAUSTED` or `UNAVAILABLE`.
#[derive(Clone)]
pub struct BearerLayer {
    lock: Lock,
}

#[derive(Clone)]
struct Lock {
    authenticator: Arc<dyn Authenticator>,
    scope: Option<&'static str>,
    optional: bool,
    step_up: Option<StepUp>,
    resource: Option<ProtectedResource>,
}

impl BearerLayer {
    /// A layer that asks for a good token.
    pub fn new(authenticator: Arc<dyn Authenticator>) -> Self {
        Self { lock: Lock { authenticator, scope: None, optional: false, step_up: None, resource: None } }
    }

    /// And for this scope.
    #[must_use]
    pub fn require(mut self, scope: &'static str) -> Self {
        self.lock.scope = Some(scope);
        self
    }

    /// And for an authentication that recent or strong, such as `fresh::<Fresh<300>>()`.
    #[must_use]
    pub fn fresh<F: Freshness>(mut self) -> Self {
        self.lock.step_up = StepUp::of::<F>();
        self
    }

    /// And names the metadata of this resource in its challenges (RFC 9728, section 5.1). Serving them is the service's.
    #[must_use]
    pub fn resource(mut self, resource: ProtectedResource) -> Self {
        self.lock.resource = Some(resource);
        self
    }

    /// Lets pass who sends no `Authorization` at all, without a [`Principal`]. A bad token is refused all the same.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.lock.optional = true;
        self
    }
}

impl<S> Layer<S> for BearerLayer {
    type Service = BearerService<S>;

    fn layer(&self, inner: S) -> BearerService<S> {
        BearerService { inner, lock: self.lock.clone() }
    }
}

/// A service behind a [`BearerLayer`].
#[derive(Clone)]
pub struct BearerService<S> {
    inner: S,
    lock: Lock,
}

impl Lock {
    async fn admit(&self, request: &Arriving<'_>) -> Result<Option<Principal>, Refusal> {
        if self.optional && !request.headers.contains_key(AUTHORIZATION) {
            return Ok(None);
        }
        let principal = admit(&*self.authenticator, request, self.authenticator.proofs()).await?;
        require(&principal, self.scope, false)?;
        opened_by(&principal, OpenedBy::Any, self.step_up)?;
        authenticated(&principal, self.step_up, || self.authenticator.now())?;
        Ok(Some(principal))
    }
}

type Answer<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

impl<S, B, R> Service<Request<B>> for BearerService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response<BearerBody<R>>;
    type Error = S::Error;
    type Future = Answer<Self::Response, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The one that was polled ready is the one to call; its clone waits for the next request.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let lock = self.lock.clone();
        Box::pin(async move {
            let arriving = Arriving {
                headers: request.headers(),
                method: request.method(),
                uri: request.uri(),
                extensions: request.extensions(),
            };
            match lock.admit(&arriving).await {
                Ok(principal) => {
                    if let Some(principal) = principal {
                        request.extensions_mut().insert(principal);
                    }
                    inner.call(request).await.map(|response| response.map(Either::Right))
                }
                Err(refusal) => {
                    let dpop = lock.authenticator.proofs().is_some();
                    let refused = Refused::new(refusal, request.headers(), dpop);
                    let mut answer = answer(refused, request.headers());
                    if let Some(resource) = &lock.resource {
                        resource.mark(answer.headers_mut());
                    }
                    Ok(answer.map(Either::Left))
                }
            }
        })
    }
}

fn answer(refused: Refused, headers: &HeaderMap) -> Response<Full<Bytes>> {
    let grpc = headers.get(CONTENT_TYPE).filter(|media| is_grpc(media.as_bytes()));
    let Some(media) = grpc else { return refused.answer().map(Full::from) };
    // "Trailers-Only": HTTP's 200, and the status in the headers, for there is nothing between them.
    let mut response = Response::new(Full::default());
    let (code, message) = match refused.refusal {
        Refusal::NotAuthenticated => ("16", "Not authenticated"),
        Refusal::InvalidToken => ("16", "Could not validate credentials"),
        Refusal::Expired => ("16", "Token expired"),
        Refusal::InvalidProof(_) | Refusal::UseDpopNonce(_) => ("16", "Could not validate the DPoP proof"),
        Refusal::InsufficientAuthentication(_) => {
            ("16", "A more recent or stronger authentication is required")
        }
        Refusal::InsufficientScope(_) | Refusal::ApiKey | Refusal::EnrolmentOnly => {
            ("7", "Not enough permissions")
        }
        Refusal::TooManyAttempts(_) => ("8", "Too many attempts"),
        Refusal::Unavailable => ("14", "Service Unavailable"),
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, media.clone());
    headers.insert("grpc-status", HeaderValue::from_static(code));
    headers.insert("grpc-message", HeaderValue::from_static(message));
    refused.mark(headers);
    response
}

/// `application/grpc`, `application/grpc+proto`, ...; not gRPC-Web, which wants its trailers in the body.
fn is_grpc(media: &[u8]) -> bool {
    let (kind, rest) = media.split_at(media.len().min(b"application/grpc".len()));
    kind.eq_ignore_ascii_case(b"application/grpc") && matches!(rest.first(), None | Some(b'+' | b';'))
}

impl fmt::Debug for BearerLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerLayer").field("scope", &self.lock.scope).finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for BearerService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerService").field("scope", &self.lock.scope).finish_non_exhaustive()
    }
}
