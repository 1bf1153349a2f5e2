//! `/account/logout`.

use axum::response::{IntoResponse, Response};

use crate::next::redirect;
use crate::page::Page;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Asks, for a link must not log anyone out.
pub async fn show(visit: Visit) -> Response {
    if visit.session().is_none() {
        return redirect(&visit.site.path("/account/login"));
    }
    Page::new(&visit, "logout.html", "Log out").into_response()
}

/// Ends the session.
///
/// # Errors
/// What the database answered.
pub async fn submit(visit: Visit, _: PageForm) -> Result<Response, Refusal> {
    if let Some(session) = visit.session() {
        visit.site.app.log_out.here(&session.actor, &visit.origin).await?;
    }
    Ok(Visit::forget(redirect(&visit.site.path("/account/login"))))
}
