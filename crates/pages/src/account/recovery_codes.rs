//! Recovery codes: new ones, and the page that shows them once.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::frame::{self, Done};
use crate::browser_session::BrowserSession;
use crate::entry::Owner;
use crate::login::prove::detour;
use crate::next::redirect;
use crate::once::{self, Kind};
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Makes ten new ones; those before are void.
///
/// # Errors
/// What the use case answers.
pub async fn renew(visit: Visit, Owner(session): Owner, _: PageForm) -> Result<Response, Refusal> {
    if let Some(detour) = detour(&visit, &session, "/account/security").await? {
        return Ok(detour);
    }
    let codes = visit.site.app.recovery_codes.renew(&session.actor, &visit.origin).await?;
    let text = codes.shown().join(" ");
    Ok(frame::show_once(&visit, &session, "/account/security/codes", Kind::RecoveryCodes, &text))
}

/// Shows those that were just made.
pub async fn show(visit: Visit, session: BrowserSession, headers: HeaderMap) -> Response {
    let Some(codes) = once::take(Kind::RecoveryCodes, &headers, session.id, &visit.site) else {
        return redirect(&visit.site.path("/account/security"));
    };
    let codes: Vec<&str> = codes.split(' ').collect();
    let page = frame::page(&visit, "codes.html", "Your recovery codes", "security", &Done { done: None });
    let mut answer = page.with("codes", codes).into_response();
    answer.headers_mut().extend(once::forget().map(|cookie| (header::SET_COOKIE, cookie)));
    answer
}
