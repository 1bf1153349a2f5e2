//! The parameters of an endpoint that applications send people to: from the query, or from a form that becomes one.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_domain::oauth::authorize::answer::escape;
use keyward_web::{Media, decode, receive};

use crate::next::redirect;
use crate::refusal::Refusal;
use crate::site::Site;

/// The path of the authorization endpoint.
pub(super) const AUTHORIZE: &str = "/oauth/authorize";
/// The parameter that holds a request that was sealed before a login.
pub(super) const RESUMED: &str = "resume";

/// The largest form, in bytes.
const LARGEST: usize = 8 * 1024;

/// The path that resumes a sealed request.
pub(super) fn resumption(sealed: &str) -> String {
    format!("{AUTHORIZE}?{RESUMED}={sealed}")
}

/// The names and values of a query, decoded; `None` where an escape or UTF-8 is broken.
pub(super) fn pairs(query: &str) -> Option<Vec<(String, String)>> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        Some((decode(name.as_bytes())?, decode(value.as_bytes())?))
    };
    parts.map(pair).collect()
}

/// Turns a form into a GET of the same page, before any cookie is read: a form of another site brings none, and the GET does.
pub(super) async fn as_get(path: &str, request: Request, site: &Site) -> Response {
    let (parts, body) = request.into_parts();
    let rejected = |rejection| Refusal(ApiError::rejected(rejection)).into_response();
    let received = match receive(&parts.headers, body, &[Media::Urlencoded], LARGEST).await {
        Ok(received) => received.map(keyward_web::Received::into_object).unwrap_or_default(),
        Err(rejection) => return rejected(rejection),
    };
    let mut location = site.path(path);
    let mut glue = '?';
    for (name, value) in &received {
        location.push(glue);
        escape(name, &mut location);
        location.push('=');
        escape(value.as_str().unwrap_or_default(), &mut location);
        glue = '&';
    }
    redirect(&location)
}
