//! Pages for people: routes of a crate above this one, which the document does not describe.

use axum::Router;

use crate::state::AppState;

/// Routes that answer pages.
#[derive(Clone, Copy)]
pub struct Pages {
    /// Their paths, without a slash at the end: with one they redirect here.
    pub paths: &'static [&'static str],
    /// Makes the routes.
    pub routes: fn(&AppState) -> Router<AppState>,
}
