//! `/account/security`: the password, and which second factors there are.

use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_api::extract::{NewPasswords, new_password, read};
use keyward_auth::Password;
use keyward_domain::identity::proofs::AskedPassword;
use keyward_domain::model::passkeys::Passkey;
use keyward_domain::values::new_password::NewPassword;
use keyward_domain::values::scopes::ENROL;
use keyward_web::{FromState, Input, Query};
use serde::Serialize;

use super::frame::{self, Done, Shown};
use crate::browser_session::BrowserSession;
use crate::entry::Owner;
use crate::login::prove::detour_beside_password;
use crate::page::Page;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// A new password, and the current one where there is one.
#[derive(Input)]
#[input(context = NewPasswords)]
struct PasswordForm {
    #[input(read = read::password())]
    current_password: Option<Password>,
    #[input(read = new_password(None))]
    new_password: NewPassword,
}

/// A passkey as the page lists it.
#[derive(Serialize)]
struct Row {
    id: i64,
    name: String,
    created: Shown,
    used: Option<Shown>,
}

impl From<&Passkey> for Row {
    fn from(passkey: &Passkey) -> Self {
        Self {
            id: passkey.id.0,
            name: passkey.new.name.to_string(),
            created: Shown::of(passkey.new.created_at),
            used: passkey.last_used_at.map(Shown::of),
        }
    }
}

/// The page.
///
/// # Errors
/// What the database answered.
pub async fn show(
    visit: Visit,
    session: BrowserSession,
    Query(done): Query<Done>,
) -> Result<Response, Refusal> {
    Ok(page(&visit, &session, &done).await?.into_response())
}

async fn page(visit: &Visit, session: &BrowserSession, done: &Done) -> Result<Page, Refusal> {
    let app = &visit.site.app;
    let standing = app.factors.own(&session.actor).await?;
    let passkeys: Vec<Row> = standing.passkeys.iter().map(Row::from).collect();
    let enrolling = session.actor.scope.contains(ENROL);
    let done =
        if enrolling && done.done.is_none() { &Done { done: Some("factor".to_owned()) } } else { done };
    let page = frame::page(visit, "security.html", "Security", "security", done)
        .with("enrolling", enrolling)
        .with("has_password", app.passwords.is_set(&session.actor).await?)
        .with("min_chars", app.policy.min_chars)
        .with("app_enrolled", standing.totp.is_some())
        .with("has_factor", standing.is_owed())
        .with("codes_left", standing.recovery_codes)
        .with("offers_passkeys", app.passkeyed.0.is_some())
        .with("passkeys", passkeys);
    Ok(page)
}

/// Changes the password.
///
/// # Errors
/// Only what cannot be shown beside the form.
pub async fn change_password(
    visit: Visit,
    Owner(session): Owner,
    form: PageForm,
) -> Result<Response, Refusal> {
    let app = &visit.site.app;
    if let Some(detour) = detour_beside_password(&visit, &session, "/account/security").await? {
        return Ok(detour);
    }
    let changed = async {
        let PasswordForm { current_password, new_password } = form.read(&NewPasswords::from_state(app))?;
        let current = AskedPassword { field: "current_password", given: current_password };
        app.passwords.change(&session.actor, current, new_password, &visit.origin).await?;
        Ok::<_, ApiError>(())
    };
    match changed.await {
        Ok(()) => Ok(frame::back(&visit, "/account/security", "password")),
        Err(error) => {
            let page = page(&visit, &session, &Done { done: None }).await?;
            Ok(page.refused(&error).into_response())
        }
    }
}
