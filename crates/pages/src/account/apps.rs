//! `/account/apps`: the applications that may use the account.

use axum::response::{IntoResponse, Response};
use keyward_domain::oauth::app_error::AppError;
use keyward_domain::values::ids::ClientId;
use keyward_web::Query;
use serde::Serialize;

use super::frame::{self, Done, Shown};
use crate::entry::Owner;
use crate::oauth::scopes;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::visit::Visit;

const PATH: &str = "/account/apps";

/// An application, as the page lists it.
#[derive(Serialize)]
struct Row {
    client: String,
    name: String,
    scopes: Vec<String>,
    allowed: Option<Shown>,
}

/// The list.
///
/// # Errors
/// What the database answered.
pub async fn show(
    visit: Visit,
    Owner(session): Owner,
    Query(done): Query<Done>,
) -> Result<Response, Refusal> {
    let app = &visit.site.app;
    let grants = app.opening.grants();
    let rows = app.consents.apps(&session.actor).await?.into_iter().map(|one| Row {
        name: one.name.map_or_else(|| one.client.to_string(), |name| name.to_string()),
        client: one.client.to_string(),
        scopes: scopes::words(&one.scope, grants),
        allowed: one.allowed_at.map(Shown::of),
    });
    let rows: Vec<Row> = rows.collect();
    Ok(frame::page(&visit, "apps.html", "Applications", "apps", &done).with("apps", rows).into_response())
}

/// Takes back what was allowed to one.
///
/// # Errors
/// What the database answered.
pub async fn remove(visit: Visit, Owner(session): Owner, form: PageForm) -> Result<Response, Refusal> {
    let client = ClientId::parse(form.text("client")).ok_or(AppError::NotFound)?;
    match visit.site.app.consents.remove(&session.actor, &client, &visit.origin).await {
        // It may have been removed in another tab.
        Ok(()) | Err(AppError::NotFound) => Ok(frame::back(&visit, PATH, "application-removed")),
        Err(error) => Err(error.into()),
    }
}
