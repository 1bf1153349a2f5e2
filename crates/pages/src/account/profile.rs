//! `/account`: names and e-mail address.

use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_api::extract::read;
use keyward_auth::Password;
use keyward_domain::identity::proofs::AskedPassword;
use keyward_domain::model::users::{Name, UserChange};
use keyward_domain::values::email::Email;
use keyward_domain::values::names::Username;
use keyward_web::{Input, Query};

use super::frame::{self, Done};
use crate::browser_session::BrowserSession;
use crate::entry::Owner;
use crate::login::prove::detour_beside_password;
use crate::page::Page;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// What others see.
#[derive(Input)]
struct NameForm {
    #[input(read = read::text())]
    name: Option<Name>,
}

/// A new address, and the password where the account has one.
#[derive(Input)]
struct EmailForm {
    #[input(read = read::email())]
    email: Email,
    #[input(read = read::password())]
    password: Option<Password>,
}

/// The account.
///
/// # Errors
/// What the database answered.
pub async fn show(
    visit: Visit,
    Owner(session): Owner,
    Query(done): Query<Done>,
) -> Result<Response, Refusal> {
    Ok(page(&visit, &session, &done).await?.into_response())
}

async fn page(visit: &Visit, session: &BrowserSession, done: &Done) -> Result<Page, Refusal> {
    let app = &visit.site.app;
    let user = app.users.find_own(&session.actor).await?;
    let has_password = app.passwords.is_set(&session.actor).await?;
    let page = frame::page(visit, "account.html", "My account", "account", done)
        .with("name", user.name.as_ref().map(ToString::to_string))
        .with("email", user.names.email().map(Email::as_str))
        .with("username", user.names.username().map(Username::as_str))
        .with("verified", user.email_verified)
        .with("has_password", has_password);
    Ok(page)
}

async fn refused(visit: &Visit, session: &BrowserSession, error: &ApiError) -> Result<Page, Refusal> {
    let done = Done { done: None };
    Ok(page(visit, session, &done).await?.refused(error))
}

/// Changes the name.
///
/// # Errors
/// Only what cannot be shown beside the form.
pub async fn rename(visit: Visit, Owner(session): Owner, form: PageForm) -> Result<Response, Refusal> {
    let renamed = async {
        let NameForm { name } = form.read(&())?;
        let change = UserChange { name: Some(name), ..UserChange::default() };
        visit.site.app.users.update_own(&session.actor, change, &visit.origin).await?;
        Ok::<_, ApiError>(())
    };
    match renamed.await {
        Ok(()) => Ok(frame::back(&visit, "/account", "name")),
        Err(error) => {
            let page = refused(&visit, &session, &error).await?;
            Ok(page.with("name", form.text("name")).into_response())
        }
    }
}

/// Sends a code and a link to a new address.
///
/// # Errors
/// Only what cannot be shown beside the form.
pub async fn change_email(visit: Visit, Owner(session): Owner, form: PageForm) -> Result<Response, Refusal> {
    let app = &visit.site.app;
    if let Some(detour) = detour_beside_password(&visit, &session, "/account").await? {
        return Ok(detour);
    }
    let requested = async {
        let EmailForm { email, password } = form.read(&())?;
        let password = AskedPassword { field: "password", given: password };
        app.verification.request_change(&session.actor, email, password, &visit.origin).await?;
        Ok::<_, ApiError>(())
    };
    match requested.await {
        Ok(()) => Ok(frame::back(&visit, "/account", "email")),
        Err(error) => {
            let page = refused(&visit, &session, &error).await?;
            Ok(page.with("new_email", form.text("email")).into_response())
        }
    }
}

/// Sends a code and a link to the account's address.
///
/// # Errors
/// That it is verified already, or that too many mails were sent.
pub async fn verify(visit: Visit, Owner(session): Owner, _: PageForm) -> Result<Response, Refusal> {
    visit.site.app.verification.request(&session.actor, &visit.origin).await?;
    Ok(frame::back(&visit, "/account", "verification"))
}
