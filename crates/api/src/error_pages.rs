//! Errors as pages: on the paths of pages a browser reads every error as one, whichever part of the service answered it.

use axum::extract::Request;
use axum::http::header;
use axum::response::Response;

use crate::boundary::wants_page::wants_page;
use crate::resources::pages::Pages;
use crate::state::AppState;

/// The pages by which an error of this request is shown; `None` where programs read it.
pub(crate) fn pages_for(request: &Request, pages: Option<Pages>, state: &AppState) -> Option<Pages> {
    let path = request.uri().path();
    // Without the path that a proxy strips, for a browser that comes without the proxy.
    let inner = path.strip_prefix(state.public.base()).unwrap_or(path);
    let has = |pages: &Pages, path: &str| pages.has(path, request.method());
    let concerned = pages.filter(|pages| has(pages, inner) || (inner.len() < path.len() && has(pages, path)));
    concerned.filter(|_| wants_page(request.headers()))
}

/// The answer as a page, if it is an error and no page yet.
pub(crate) fn shown(pages: Option<Pages>, state: &AppState, answer: Response) -> Response {
    let status = answer.status();
    let failed = status.is_client_error() || status.is_server_error();
    let kind = answer.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    match pages.filter(|_| failed && !is_page) {
        Some(pages) => (pages.error)(state, answer),
        None => answer,
    }
}
