//! `/account/security/app`: enrolling an authenticator app, and removing it.

use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_api::routes::factors::qr;

use super::frame::{self, Done};
use crate::browser_session::BrowserSession;
use crate::entry::Owner;
use crate::login::prove::detour;
use crate::once::{self, Kind};
use crate::page::Page;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::visit::Visit;

const SECURITY: &str = "/account/security";
const ENROLMENT: &str = "/account/security/app";

/// Begins to enrol: a secret is kept for half an hour, and shown on the next page.
///
/// # Errors
/// What the use case answers.
pub async fn begin(visit: Visit, session: BrowserSession, _: PageForm) -> Result<Response, Refusal> {
    if let Some(detour) = detour(&visit, &session, SECURITY).await? {
        return Ok(detour);
    }
    let enrolment = visit.site.app.enrol_totp.begin(&session.actor).await?;
    Ok(frame::show_once(&visit, &session, ENROLMENT, Kind::Enrolment, &enrolment.uri))
}

/// The secret, and a form for the first code.
pub async fn show(visit: Visit, session: BrowserSession, headers: HeaderMap) -> Response {
    match page(&visit, &session, &headers) {
        Some(page) => page.into_response(),
        None => crate::next::redirect(&visit.site.path(SECURITY)),
    }
}

fn page(visit: &Visit, session: &BrowserSession, headers: &HeaderMap) -> Option<Page> {
    let uri = once::take(Kind::Enrolment, headers, session.id, &visit.site)?;
    let secret = uri.split(['?', '&']).find_map(|part| part.strip_prefix("secret="))?;
    let page = frame::page(visit, "app.html", "Add an authenticator app", "security", &Done { done: None });
    Some(page.with("qr", qr::svg(&uri)).with("secret", secret).with("uri", &*uri))
}

/// Confirms the first code. Recovery codes are shown on the next page.
///
/// # Errors
/// Only what cannot be shown beside the form.
pub async fn confirm(
    visit: Visit,
    session: BrowserSession,
    headers: HeaderMap,
    form: PageForm,
) -> Result<Response, Refusal> {
    if let Some(detour) = detour(&visit, &session, ENROLMENT).await? {
        return Ok(detour);
    }
    let code: String = form.text("otp").split_whitespace().collect();
    let codes = visit.site.app.enrol_totp.confirm(&session.actor, &code, &visit.origin).await;
    match codes.map_err(ApiError::from) {
        Ok(codes) => {
            let text = codes.shown().join(" ");
            Ok(frame::show_once(&visit, &session, "/account/security/codes", Kind::RecoveryCodes, &text))
        }
        Err(error) => match page(&visit, &session, &headers) {
            Some(page) => Ok(page.refused_at(&error, &["otp"]).into_response()),
            None => Err(Refusal(error)),
        },
    }
}

/// Removes it.
///
/// # Errors
/// What the use case answers.
pub async fn remove(visit: Visit, Owner(session): Owner, _: PageForm) -> Result<Response, Refusal> {
    if let Some(detour) = detour(&visit, &session, SECURITY).await? {
        return Ok(detour);
    }
    visit.site.app.factors.remove_totp(&session.actor, &visit.origin).await?;
    Ok(frame::back(&visit, SECURITY, "app-removed"))
}
