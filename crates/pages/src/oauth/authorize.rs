//! The authorization endpoint (RFC 6749, section 3.1): where applications send people to log in and to allow them.

use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_domain::oauth::authorize::outcome::{Decision, LoginNeeded, Outcome};
use keyward_domain::oauth::authorize::request::Unanswerable;
use keyward_domain::values::uris::RedirectUri;
use keyward_guard::ErrorCode;

use super::consent;
use super::onward;
use super::query::{AUTHORIZE, RESUMED, as_get, pairs, resumption};
use super::switch;
use crate::browser_session::BrowserSession;
use crate::next::{Next, redirect};
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::site::Site;
use crate::visit::Visit;

/// The request of an application cannot be answered to it.
const UNANSWERABLE: ErrorCode = ErrorCode::new("unanswerable_request");

/// A request that arrives, or comes back from a login.
pub(crate) async fn ask(
    State(site): State<Site>,
    visit: Visit,
    session: Option<BrowserSession>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let Some(pairs) = pairs(query.as_deref().unwrap_or_default()) else {
        return Err(malformed("The request of the application is malformed."));
    };
    let id = session.map(|session| session.id);
    let resumed = pairs.iter().find(|(name, _)| name == RESUMED).map(|(_, sealed)| sealed.clone());
    let outcome = match resumed {
        Some(sealed) => site.app.authorize.resume(&sealed, id).await?,
        None => site.app.authorize.begin(pairs, id).await?,
    };
    show(&site, &visit, outcome).await
}

/// The same request as a form.
pub(crate) async fn post(State(site): State<Site>, request: Request) -> Response {
    as_get(AUTHORIZE, request, &site).await
}

/// What the person decided.
pub(crate) async fn decide(
    State(site): State<Site>,
    visit: Visit,
    session: Option<BrowserSession>,
    form: PageForm,
) -> Result<Response, Refusal> {
    let Some(session) = session else { return Err(malformed(&Unanswerable::Expired.to_string())) };
    let decision = if form.text("decision") == "allow" { Decision::Allow } else { Decision::Deny };
    let sealed = form.text("request");
    let outcome = site.app.authorize.decide(sealed, session.id, decision, &visit.origin).await?;
    show(&site, &visit, outcome).await
}

fn malformed(words: &str) -> Refusal {
    Refusal(ApiError::new(StatusCode::BAD_REQUEST, UNANSWERABLE, words))
}

async fn show(site: &Site, visit: &Visit, outcome: Outcome) -> Result<Response, Refusal> {
    Ok(match outcome {
        Outcome::Unanswerable(reason) => return Err(malformed(&reason.to_string())),
        Outcome::Answer(answer) => onward::go(visit, &answer),
        Outcome::LogIn(needed) => {
            let next = resuming(&needed)?;
            redirect(&if needed.sign_up { next.through("/account/signup", site) } else { next.login(site) })
        }
        Outcome::Switch(needed) => switch::page(site, visit, &needed, &resuming(&needed.login)?).await?,
        Outcome::Prove(needed) => redirect(&resuming(&needed)?.proof(site)),
        Outcome::Enrol(_) => redirect(&site.path("/account/security")),
        Outcome::Consent(needed) => consent::page(site, visit, &needed).into_response(),
    })
}

/// Back to the request, and from there to the client.
fn resuming(needed: &LoginNeeded) -> Result<Next, Refusal> {
    let too_long = || malformed(&Unanswerable::TooLong.to_string());
    let next = Next::to(&resumption(&needed.request)).ok_or_else(too_long)?;
    let next = next.hinting(needed.login_hint.as_deref());
    let leaving = next.clone().leaving_for(&RedirectUri::origin(&needed.redirect_uri));
    Ok(leaving.unwrap_or(next))
}
