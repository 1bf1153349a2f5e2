//! A request on its way to the service under test.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, Request};
use serde_json::Value;
use tower::ServiceExt;

use super::answer::Answer;
use super::document::{Document, check};

/// A request on its way.
pub struct Call {
    router: Router,
    document: Arc<Document>,
    request: Request<Body>,
}

impl Call {
    pub(super) fn new(router: Router, document: Arc<Document>, request: Request<Body>) -> Self {
        Self { router, document, request }
    }

    /// Adds a header field, beside any of that name.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        self.request.headers_mut().append(name, HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    /// Sends it from this address.
    #[must_use]
    pub fn from(mut self, address: &str) -> Self {
        let address: IpAddr = address.parse().unwrap();
        self.request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 50_000))));
        self
    }

    /// Leaves the header fields of that name out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.request.headers_mut().remove(name);
        self
    }

    /// Sets a body and says what it is.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Body>) -> Self {
        self.request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        *self.request.body_mut() = body.into();
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Sets a form as body.
    #[must_use]
    pub fn form(self, body: &str) -> Self {
        self.body("application/x-www-form-urlencoded", body.to_owned())
    }

    /// Sends it. The answer must be documented.
    pub async fn send(self) -> Answer {
        let (method, path) = (self.request.method().clone(), self.request.uri().path().to_owned());
        let document = Arc::clone(&self.document);
        let answer = self.send_unchecked().await;
        check(&document, &method, &path, &answer);
        answer
    }

    /// Sends it, without a check of the answer.
    ///
    /// Gives way once, as a client does that waits for the network: an answer from memory never does, and tasks
    /// that call in a loop would keep every thread from the database's answers.
    pub async fn send_unchecked(self) -> Answer {
        tokio::task::yield_now().await;
        Answer::read(self.router.oneshot(self.request).await.unwrap()).await
    }
}
