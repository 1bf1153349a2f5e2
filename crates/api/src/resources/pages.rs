//! Pages for people: routes of a crate above this one, which the document does not describe.

use axum::Router;
use axum::http::Method;
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
    /// Places where pages are read, but forms are not sent: there anything but GET and HEAD is a program's.
    pub read_only: &'static [&'static str],
    /// Makes the routes.
    pub routes: fn(&AppState) -> Router<AppState>,
    /// The page of an error, with its status, in place of the answer that programs get.
    pub error: fn(&AppState, Response) -> Response,
}

impl Pages {
    /// Whether a page answers this method at this path.
    pub(crate) fn has(&self, path: &str, method: &Method) -> bool {
        let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
        let among = |places: &[&str]| places.iter().any(|place| path.strip_prefix(place).is_some_and(below));
        among(self.places) || (method.is_safe() && among(self.read_only))
    }
}
