//! Whether the server is asked to stop, for handlers that wait.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use keyward_guard::{Documented, Schemas};
use tokio::sync::watch;
use utoipa::openapi::path::Operation;

tokio::task_local! {
    /// Set once for each connection's task, because a request extension would cost an allocation for each request.
    static OF_CONNECTION: Stopping;
}

/// Signals handlers of safe methods that the server is asked to stop. Handlers of other methods run in tasks of their own and get no
/// signal, nor does any handler under another server.
#[derive(Clone)]
pub struct Stopping(Option<watch::Receiver<()>>);

impl Stopping {
    /// Of a server that drops the other end when it stops.
    pub fn new(closed: watch::Receiver<()>) -> Self {
        Self(Some(closed))
    }

    /// Runs the future of a connection so that its handlers get this signal.
    pub fn scope<F: Future>(self, connection: F) -> impl Future<Output = F::Output> {
        OF_CONNECTION.scope(self, connection)
    }

    /// Ready once the server is asked to stop.
    pub(crate) async fn asked(&mut self) {
        match &mut self.0 {
            // Nothing is ever sent: it changes by its end.
            Some(closed) => drop(closed.changed().await),
            None => std::future::pending().await,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Stopping {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(OF_CONNECTION.try_with(Self::clone).unwrap_or(Self(None)))
    }
}

impl Documented for Stopping {
    fn document(_: &mut Operation, _: &mut Schemas) {}
}
