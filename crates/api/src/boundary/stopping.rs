//! Whether the server is asked to stop, for handlers that wait.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use keyward_guard::{Documented, Schemas};
use tokio::sync::watch;
use utoipa::openapi::path::Operation;

/// Says when the server is asked to stop. Where no server of ours is around, it never says so.
#[derive(Clone)]
pub struct Stopping(Option<watch::Receiver<()>>);

impl Stopping {
    /// Of a server that drops the other end when it stops.
    pub fn new(closed: watch::Receiver<()>) -> Self {
        Self(Some(closed))
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

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or(Self(None)))
    }
}

impl Documented for Stopping {
    fn document(_: &mut Operation, _: &mut Schemas) {}
}
