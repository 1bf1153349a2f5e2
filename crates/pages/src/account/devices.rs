//! `/account/sessions`: the devices that are logged in.

use axum::response::{IntoResponse, Response};
use keyward_domain::model::sessions::Session;
use keyward_domain::sessions::error::SessionError;
use keyward_domain::values::ids::SessionId;
use keyward_domain::values::page::Page;
use keyward_web::{Input, Query};
use serde::Serialize;

use super::frame::{self, Done, Shown};
use crate::entry::Owner;
use crate::next::redirect;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::visit::Visit;

const LIMIT: u32 = 50;

/// Where the list goes on, and what was done.
#[derive(Input)]
pub struct List {
    after: Option<String>,
    done: Option<String>,
}

/// A session as the page lists it.
#[derive(Serialize)]
struct Row {
    id: String,
    device: String,
    ip: Option<String>,
    begun: Shown,
    seen: Shown,
    current: bool,
}

impl Row {
    fn of(session: &Session, current: SessionId) -> Self {
        Self {
            id: session.id.to_string(),
            device: frame::device(&session.device),
            ip: session.device.ip.map(|ip| ip.to_string()),
            begun: Shown::of(session.created_at),
            seen: Shown::of(session.last_seen_at),
            current: session.id == current,
        }
    }
}

/// The list.
///
/// # Errors
/// What the database answered.
pub async fn show(
    visit: Visit,
    Owner(session): Owner,
    Query(List { after, done }): Query<List>,
) -> Result<Response, Refusal> {
    let after = after.and_then(|after| after.parse().ok()).map(SessionId);
    let slice = visit.site.app.log_out.list(&session.actor, Page { limit: LIMIT, after }).await?;
    let rows: Vec<Row> = slice.items.iter().map(|one| Row::of(one, session.id)).collect();
    let page = frame::page(&visit, "devices.html", "Devices", "sessions", &Done { done });
    let page = page.with("sessions", rows).with("more", slice.next.map(|id| id.to_string()));
    Ok(page.into_response())
}

/// Ends one.
///
/// # Errors
/// What the database answered.
pub async fn end(visit: Visit, Owner(session): Owner, form: PageForm) -> Result<Response, Refusal> {
    let Ok(id) = form.text("id").parse().map(SessionId) else {
        return Ok(redirect(&visit.site.path("/account/sessions")));
    };
    match visit.site.app.log_out.one(&session.actor, id, &visit.origin).await {
        Ok(()) if id == session.id => Ok(Visit::forget(redirect(&visit.site.path("/account/login")))),
        // It may have ended meanwhile, in another tab.
        Ok(()) | Err(SessionError::NotFound(_)) => Ok(frame::back(&visit, "/account/sessions", "session")),
        Err(error) => Err(error.into()),
    }
}

/// Ends all but this one.
///
/// # Errors
/// What the database answered.
pub async fn end_others(visit: Visit, Owner(session): Owner, _: PageForm) -> Result<Response, Refusal> {
    visit.site.app.log_out.others(&session.actor, &visit.origin).await?;
    Ok(frame::back(&visit, "/account/sessions", "others"))
}
