//! Passkeys of one's own account: adding, renaming and removing them.

use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_api::extract::read;
use keyward_api::routes::factors::webauthn::{PasskeyCreationOptions, PasskeyRegistration};
use keyward_domain::factors::registration::RegisteredPasskey;
use keyward_domain::model::passkeys::PasskeyName;
use keyward_domain::values::ids::PasskeyId;
use keyward_web::{Flaw, Input};

use super::frame::{self, Done};
use crate::browser_session::BrowserSession;
use crate::entry::Owner;
use crate::login::passkey;
use crate::login::prove::detour;
use crate::once::Kind;
use crate::page::Page;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::visit::Visit;

const SECURITY: &str = "/account/security";
const ADDING: &str = "/account/security/passkey";

/// What its owner calls a passkey.
#[derive(Input)]
struct NameForm {
    #[input(read = read::text::<1, 100>())]
    name: PasskeyName,
}

/// A form that a script fills in with the answer of the authenticator.
///
/// # Errors
/// What the use case answers.
pub async fn show(visit: Visit, session: BrowserSession) -> Result<Response, Refusal> {
    if let Some(detour) = detour(&visit, &session, ADDING).await? {
        return Ok(detour);
    }
    Ok(page(&visit, &session).await?.into_response())
}

async fn page(visit: &Visit, session: &BrowserSession) -> Result<Page, Refusal> {
    let request = visit.site.app.passkeys.begin(&session.actor).await?;
    let options = serde_json::to_string(&PasskeyCreationOptions::from(request)).unwrap_or_default();
    let page = frame::page(visit, "passkey_new.html", "Add a passkey", "security", &Done { done: None });
    Ok(page.with("passkey", options))
}

/// Registers the passkey. Where it is the first second factor, recovery codes are shown on the next page.
///
/// # Errors
/// Only what cannot be shown beside the form.
pub async fn add(visit: Visit, session: BrowserSession, form: PageForm) -> Result<Response, Refusal> {
    if let Some(detour) = detour(&visit, &session, ADDING).await? {
        return Ok(detour);
    }
    match register(&visit, &session, &form).await {
        Ok(RegisteredPasskey { codes: Some(codes), .. }) => {
            let text = codes.shown().join(" ");
            Ok(frame::show_once(&visit, &session, "/account/security/codes", Kind::RecoveryCodes, &text))
        }
        Ok(_) => Ok(frame::back(&visit, SECURITY, "passkey")),
        Err(error) => {
            let page = page(&visit, &session).await?.refused(&error);
            Ok(page.with("name", form.text("name")).into_response())
        }
    }
}

async fn register(
    visit: &Visit,
    session: &BrowserSession,
    form: &PageForm,
) -> Result<RegisteredPasskey, ApiError> {
    let NameForm { name } = form.read(&())?;
    let missing = || ApiError::fault(Flaw::missing().in_field("body", passkey::FIELD, None));
    let registration = passkey::read::<PasskeyRegistration>(form)?.ok_or_else(missing)?;
    let (attestation, _) = registration.into_parts();
    Ok(visit.site.app.passkeys.register(&session.actor, &attestation, &name, &visit.origin).await?)
}

/// The passkey that a form is about.
fn id(form: &PageForm) -> PasskeyId {
    PasskeyId(form.text("id").parse().unwrap_or_default())
}

/// Renames one.
///
/// # Errors
/// What the use case answers.
pub async fn rename(visit: Visit, Owner(session): Owner, form: PageForm) -> Result<Response, Refusal> {
    if let Some(detour) = detour(&visit, &session, SECURITY).await? {
        return Ok(detour);
    }
    let NameForm { name } = form.read(&()).map_err(Refusal)?;
    visit.site.app.passkeys.rename(&session.actor, id(&form), &name, &visit.origin).await?;
    Ok(frame::back(&visit, SECURITY, "passkey-renamed"))
}

/// Removes one.
///
/// # Errors
/// What the use case answers.
pub async fn remove(visit: Visit, Owner(session): Owner, form: PageForm) -> Result<Response, Refusal> {
    if let Some(detour) = detour(&visit, &session, SECURITY).await? {
        return Ok(detour);
    }
    visit.site.app.passkeys.remove(&session.actor, id(&form), &visit.origin).await?;
    Ok(frame::back(&visit, SECURITY, "passkey-removed"))
}
