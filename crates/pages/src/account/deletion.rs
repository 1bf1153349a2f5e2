//! `/account/delete`.

use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_api::extract::read;
use keyward_auth::Password;
use keyward_domain::identity::proofs::AskedPassword;
use keyward_web::Input;

use super::frame::{self, Done};
use crate::browser_session::BrowserSession;
use crate::entry::Owner;
use crate::login::prove::detour_beside_password;
use crate::next::redirect;
use crate::page::Page;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// The password, where the account has one.
#[derive(Input)]
struct DeletionForm {
    #[input(read = read::password())]
    password: Option<Password>,
}

/// What happens, and the form.
///
/// # Errors
/// What the database answered.
pub async fn show(visit: Visit, Owner(session): Owner) -> Result<Response, Refusal> {
    match page(&visit, &session).await? {
        Ok(page) => Ok(page.into_response()),
        Err(detour) => Ok(detour),
    }
}

/// The page, or the way to the proof that is asked for beside the password or in place of it.
async fn page(visit: &Visit, session: &BrowserSession) -> Result<Result<Page, Response>, Refusal> {
    let has_password = visit.site.app.passwords.is_set(&session.actor).await?;
    if let Some(detour) = detour_beside_password(visit, session, "/account/delete").await? {
        return Ok(Err(detour));
    }
    let page = frame::page(visit, "delete.html", "Delete my account", "account", &Done { done: None });
    Ok(Ok(page.with("has_password", has_password)))
}

/// Deletes the account and all that belongs to it.
///
/// # Errors
/// Only what cannot be shown beside the form.
pub async fn submit(visit: Visit, Owner(session): Owner, form: PageForm) -> Result<Response, Refusal> {
    let deleted = async {
        let DeletionForm { password } = form.read(&())?;
        let password = AskedPassword { field: "password", given: password };
        visit.site.app.deletion.own(&session.actor, password, &visit.origin).await?;
        Ok::<_, ApiError>(())
    };
    match deleted.await {
        Ok(()) => Ok(Visit::forget(redirect(&visit.site.path("/account/deleted")))),
        Err(error) => match page(&visit, &session).await? {
            Ok(page) => Ok(page.refused(&error).into_response()),
            Err(detour) => Ok(detour),
        },
    }
}

/// The account was deleted.
pub async fn done(visit: Visit) -> Response {
    let words = "Your account was deleted, and you are logged out everywhere.";
    Page::new(&visit, "notice.html", "Account deleted").with("words", words).into_response()
}
