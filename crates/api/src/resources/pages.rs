//! Pages for people: routes of a crate above this one, which the document does not describe.

use axum::Router;
use axum::response::Response;

use crate::state::AppState;

/// Routes that answer pages.
#[derive(Clone, Copy)]
pub struct Pages {
    /// Their paths, without a slash at the end: with one they redirect here.
    pub paths: &'static [&'static str],
    /// Where pages are: these paths and all below them. There a browser reads every error as a page, also one of the service around
    /// the pages.
    pub places: &'static [&'static str],
    /// Makes the routes.
    pub routes: fn(&AppState) -> Router<AppState>,
    /// The page of an error, with its status, in place of the answer that programs get.
    pub error: fn(&AppState, Response) -> Response,
}

impl Pages {
    /// Whether pages are at this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
        self.places.iter().any(|place| path.strip_prefix(place).is_some_and(below))
    }
}
