//! The way back to the application.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_domain::oauth::authorize::answer::Answer;
use keyward_domain::values::uris::{RedirectKind, RedirectUri};

use crate::page::Page;
use crate::visit::Visit;

/// Sends the browser to the application with an answer. To one that the operating system opens by a scheme it goes by a link:
/// Chromium follows no form there, which this answer may be to.
pub(super) fn go(visit: &Visit, answer: &Answer) -> Response {
    let kind = RedirectUri::parse(answer.redirect_uri()).map(|uri| uri.kind());
    if kind == Ok(RedirectKind::PrivateUse) && !answer.is_refusal() {
        return link(visit, &answer.location());
    }
    leave(&answer.location())
}

/// 303 to another site. The address of this page, which may hold a request, is not told to it.
pub(super) fn leave(location: &str) -> Response {
    let Ok(location) = HeaderValue::try_from(location) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn link(visit: &Visit, location: &str) -> Response {
    Page::new(visit, "onward.html", "Go back to the application").with("location", location).into_response()
}
