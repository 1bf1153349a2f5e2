//! Logging out at the wish of an application (OpenID Connect RP-Initiated Logout).

use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_domain::oauth::end_session::{LogoutRequest, Unacceptable};
use keyward_domain::values::uris::RedirectUri;
use keyward_guard::ErrorCode;

use super::onward::leave;
use super::query::{as_get, pairs};
use crate::browser_session::BrowserSession;
use crate::next::Next;
use crate::page::Page;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::site::Site;
use crate::visit::Visit;

const PATH: &str = "/oauth/logout";

/// The request of an application cannot be followed.
const UNACCEPTABLE: ErrorCode = ErrorCode::new("unacceptable_logout");

/// A request that arrives: it ends the session at once where it names the person by an ID token, and asks otherwise.
pub(crate) async fn ask(
    State(site): State<Site>,
    visit: Visit,
    session: Option<BrowserSession>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let Some(pairs) = pairs(query.as_deref().unwrap_or_default()) else {
        return Err(malformed("The request of the application is malformed."));
    };
    let request = match site.app.end_session.read(&pairs).await? {
        Ok(request) => request,
        Err(reason) => return Err(refused(reason)),
    };
    let Some(session) = session else { return Ok(done(&visit, &request)) };
    if request.user == Some(session.actor.who) {
        site.app.log_out.here(&session.actor, &visit.origin).await?;
        return Ok(Visit::forget(done(&visit, &request)));
    }
    let next = Next::account();
    let origin = request.return_to.as_ref().map(|uri| RedirectUri::origin(uri.as_str()));
    let next = origin.and_then(|origin| next.clone().leaving_for(&origin)).unwrap_or(next);
    let page = Page::new(&visit, "end_session.html", "Log out?")
        .leading_to(&next)
        .with("client", request.client.as_ref().map(ToString::to_string))
        .with("return_to", request.return_to.as_ref().map(ToString::to_string))
        .with("state", request.state.clone())
        .with("name", request.name.as_ref().map(ToString::to_string));
    Ok(page.into_response())
}

/// The same request as a form of an application.
pub(crate) async fn post(State(site): State<Site>, request: Request) -> Response {
    as_get(PATH, request, &site).await
}

/// The person said yes.
pub(crate) async fn confirm(
    State(site): State<Site>,
    visit: Visit,
    session: Option<BrowserSession>,
    form: PageForm,
) -> Result<Response, Refusal> {
    let field = |name: &str, parameter: &str| (parameter.to_owned(), form.text(name).to_owned());
    let fields = [
        field("client", "client_id"),
        field("return_to", "post_logout_redirect_uri"),
        field("state", "state"),
    ];
    let request = match site.app.end_session.read(&fields).await? {
        Ok(request) => request,
        Err(reason) => return Err(refused(reason)),
    };
    let Some(session) = session else { return Ok(done(&visit, &request)) };
    site.app.log_out.here(&session.actor, &visit.origin).await?;
    Ok(Visit::forget(done(&visit, &request)))
}

fn done(visit: &Visit, request: &LogoutRequest) -> Response {
    match request.location() {
        Some(location) => leave(&location),
        None => Page::plain(&visit.site, "logged_out.html", "You are logged out").into_response(),
    }
}

fn refused(reason: Unacceptable) -> Refusal {
    malformed(&reason.to_string())
}

fn malformed(words: &str) -> Refusal {
    Refusal(ApiError::new(StatusCode::BAD_REQUEST, UNACCEPTABLE, words))
}
