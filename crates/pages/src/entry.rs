//! Who may see a page: a browser with a session, or any.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use keyward_domain::values::scopes::ENROL;

use crate::browser_session::BrowserSession;
use crate::next::{Next, redirect};
use crate::refusal::Refusal;
use crate::site::Site;
use crate::visit::Visit;

/// The session, or what stands in for a page that needs one: a redirect to the login page, or an error page where the database does not
/// answer.
impl FromRequestParts<Site> for BrowserSession {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let session: Result<Option<Self>, Refusal> =
            <Self as OptionalFromRequestParts<Site>>::from_request_parts(parts, site).await;
        match session.map_err(IntoResponse::into_response)? {
            Some(session) => Ok(session),
            None => Err(redirect(&back_to(parts).login(site))),
        }
    }
}

impl OptionalFromRequestParts<Site> for BrowserSession {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Option<Self>, Refusal> {
        let Ok(visit) = Visit::from_request_parts(parts, site).await;
        visit.session.clone().map_err(Refusal::from)
    }
}

/// The session of a person who may use all of their account. One who has to enrol a second factor first is sent there, and one who has
/// enrolled it is asked to show it.
pub struct Owner(pub BrowserSession);

impl FromRequestParts<Site> for Owner {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let session = <BrowserSession as FromRequestParts<Site>>::from_request_parts(parts, site).await?;
        if !session.actor.scope.contains(ENROL) {
            return Ok(Self(session));
        }
        let standing = site.app.factors.own(&session.actor).await;
        let standing = standing.map_err(|error| Refusal::from(error).into_response())?;
        Err(redirect(&if standing.is_owed() {
            back_to(parts).proof(site)
        } else {
            site.path("/account/security")
        }))
    }
}

/// Where a login goes on to: the page that was asked for. A form's page is that of its first two steps, as in `/account/keys`.
fn back_to(parts: &Parts) -> Next {
    let path = if parts.method.is_safe() {
        parts.uri.path_and_query().map_or("/account", |path| path.as_str()).to_owned()
    } else {
        let steps: Vec<&str> = parts.uri.path().split('/').take(3).collect();
        steps.join("/")
    };
    Next::to(&path).unwrap_or_else(Next::account)
}
