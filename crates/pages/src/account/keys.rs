//! `/account/keys`: API keys.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_api::extract::read;
use keyward_domain::identity::api_key_error::ApiKeyError;
use keyward_domain::identity::api_keys::{KeyRequest, MadeKey};
use keyward_domain::model::api_keys::{ApiKey, KeyName};
use keyward_domain::values::ids::ApiKeyId;
use keyward_domain::values::scopes::ACCOUNT;
use keyward_web::{Flaw, Input, Query};
use serde::Serialize;

use super::frame::{self, Done, Shown};
use crate::browser_session::BrowserSession;
use crate::entry::Owner;
use crate::login::prove::detour;
use crate::once::{self, Kind};
use crate::page::Page;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::visit::Visit;

const KEYS: &str = "/account/keys";
const MAKING: &str = "/account/keys/new";

/// What a key is called, and how long it is good.
#[derive(Input)]
struct KeyForm {
    #[input(read = read::text())]
    name: KeyName,
}

/// A key as the page lists it.
#[derive(Serialize)]
struct Row {
    id: i64,
    name: String,
    scope: String,
    created: Shown,
    expires: Option<Shown>,
    used: Option<Shown>,
}

impl From<&ApiKey> for Row {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.0,
            name: key.name.to_string(),
            scope: key.scope.to_string(),
            created: Shown::of(key.created_at),
            expires: key.expires_at.map(Shown::of),
            used: key.last_used_at.map(Shown::of),
        }
    }
}

/// The list, and a key that was just made.
///
/// # Errors
/// What the database answered.
pub async fn show(
    visit: Visit,
    Owner(session): Owner,
    headers: HeaderMap,
    Query(done): Query<Done>,
) -> Result<Response, Refusal> {
    let keys = visit.site.app.api_keys.own(&session.actor).await?;
    let rows: Vec<Row> = keys.iter().map(Row::from).collect();
    let made = once::take(Kind::ApiKey, &headers, session.id, &visit.site);
    let page = frame::page(&visit, "keys.html", "API keys", "keys", &done).with("keys", rows);
    let Some(made) = made else { return Ok(page.into_response()) };
    let mut answer = page.with("made", &*made).into_response();
    answer.headers_mut().extend(once::forget().map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(answer)
}

/// A form for a new one.
///
/// # Errors
/// What the database answered.
pub async fn offer(visit: Visit, Owner(session): Owner) -> Result<Response, Refusal> {
    match detour(&visit, &session, MAKING).await? {
        Some(detour) => Ok(detour),
        None => Ok(page(&visit, &session).into_response()),
    }
}

fn page(visit: &Visit, session: &BrowserSession) -> Page {
    let scopes: Vec<&str> = scopes(session).collect();
    frame::page(visit, "key_new.html", "Make an API key", "keys", &Done { done: None }).with("scopes", scopes)
}

/// What a key may be good for.
fn scopes(session: &BrowserSession) -> impl Iterator<Item = &str> {
    session.actor.scope.iter().filter(|name| *name != ACCOUNT)
}

/// Makes a key, which the next page shows once.
///
/// # Errors
/// Only what cannot be shown beside the form.
pub async fn make(visit: Visit, Owner(session): Owner, form: PageForm) -> Result<Response, Refusal> {
    if let Some(detour) = detour(&visit, &session, MAKING).await? {
        return Ok(detour);
    }
    match made(&visit, &session, &form).await {
        Ok(made) => Ok(frame::show_once(&visit, &session, KEYS, Kind::ApiKey, made.secret.expose())),
        Err(error) => {
            let page = page(&visit, &session).refused(&error);
            Ok(page.with("name", form.text("name")).into_response())
        }
    }
}

async fn made(visit: &Visit, session: &BrowserSession, form: &PageForm) -> Result<MadeKey, ApiError> {
    let KeyForm { name } = form.read(&())?;
    let chosen: Vec<&str> =
        scopes(session).filter(|name| !form.text(&format!("scope_{name}")).is_empty()).collect();
    if chosen.is_empty() {
        let flaw = Flaw::value("Choose at least one thing that the key is good for");
        return Err(ApiError::fault(flaw.in_field("body", "scope", None)));
    }
    let days = form.text("days").parse().ok().filter(|days| (1..=3650).contains(days));
    let request = KeyRequest { name, scope: Some(chosen.join(" ")), days };
    Ok(visit.site.app.api_keys.make(&session.actor, request, &visit.origin).await?)
}

/// Removes one.
///
/// # Errors
/// What the database answered.
pub async fn remove(visit: Visit, Owner(session): Owner, form: PageForm) -> Result<Response, Refusal> {
    let id = ApiKeyId(form.text("id").parse().unwrap_or_default());
    match visit.site.app.api_keys.remove_own(&session.actor, id, &visit.origin).await {
        // It may have been removed meanwhile, in another tab.
        Ok(()) | Err(ApiKeyError::NotFound(_)) => Ok(frame::back(&visit, KEYS, "key-removed")),
        Err(error) => Err(error.into()),
    }
}
