//! `/reset-password`: a new password, for who got the link in the mail.

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_api::extract::NewPasswords;
use keyward_api::routes::identity::recovery::PasswordReset;
use keyward_web::{FromState, Query};

use super::deed::Deed;
use super::link::{Link, is_token};
use crate::next::{Next, redirect};
use crate::page::Page;
use crate::page_form::{MailForm, PageForm};
use crate::refusal::Refusal;
use crate::visit::Visit;

/// The form. It spends nothing, so mail scanners that open links do no harm.
pub async fn show(visit: Visit, Query(link): Query<Link>) -> Response {
    match link.token() {
        Some(token) => page(&visit, token).await.into_response(),
        None => incomplete(&visit).into_response(),
    }
}

async fn page(visit: &Visit, token: &str) -> Page {
    let app = &visit.site.app;
    // The page is there without a database, too: its button says what is wrong.
    let email = app.recovery.whose(token).await.unwrap_or_default();
    Page::of_mail(visit, "reset_password.html", "Choose a new password")
        .with("token", token)
        .with("account", email.as_ref().map(ToString::to_string))
        .with("min_chars", app.policy.min_chars)
}

fn incomplete(visit: &Visit) -> Page {
    another(visit, "Choose a new password", "The link is not complete. Open it once more from the mail.")
}

/// What went wrong with the link, and how to get another.
fn another(visit: &Visit, title: &'static str, words: &str) -> Page {
    Page::of_mail(visit, "another_reset.html", title).with("words", words)
}

/// Changes the password.
///
/// # Errors
/// Too many attempts, and what the database answered.
pub async fn submit(visit: Visit, MailForm(form): MailForm) -> Result<Response, Refusal> {
    let token = form.text("token");
    if !is_token(token) {
        return Ok(incomplete(&visit).status(StatusCode::BAD_REQUEST).into_response());
    }
    match reset(&visit, &form).await {
        Ok(()) => Ok(Deed::Reset.went_well("/account/reset-password/done", &visit.site)),
        // A password that is refused leaves the link good.
        Err(error) if error.status() == StatusCode::UNPROCESSABLE_ENTITY => {
            let removes = !form.text("remove_api_keys").is_empty();
            Ok(page(&visit, token).await.refused(&error).with("remove_api_keys", removes).into_response())
        }
        // Of a button that was pressed twice, the browser shows the second answer.
        Err(error) if error.status() == StatusCode::BAD_REQUEST => {
            let just = "If you have just used it, your password was changed: log in with the new one.";
            let words = format!("{} {just}", error.advice());
            let page = another(&visit, "This link does not work any more", &words);
            let page = page.with("login", Next::account().login(&visit.site));
            Ok(page.status(error.status()).into_response())
        }
        Err(error) => Err(Refusal(error)),
    }
}

async fn reset(visit: &Visit, form: &PageForm) -> Result<(), ApiError> {
    let app = &visit.site.app;
    let PasswordReset { token, new_password, remove_api_keys } = form.read(&NewPasswords::from_state(app))?;
    Ok(app.recovery.reset(&token, new_password, remove_api_keys, &visit.origin).await?)
}

/// The password was changed, for the browser that did it.
pub async fn done(visit: Visit, headers: HeaderMap) -> Response {
    if !Deed::Reset.is_of(&headers) {
        return redirect(&Next::account().login(&visit.site));
    }
    let words = "The new password is good from now on, and all devices were logged out. Passkeys stay, and so do API keys \
        unless you removed them: a mail names them, in case you do not know one.";
    let app = visit.site.app.public.app.as_ref();
    Page::new(&visit, "notice.html", "Your password was changed")
        .with("words", words)
        .with("link", Next::account().login(&visit.site))
        .with("link_words", "Log in")
        .with("app_url", app.map(|app| app.url.as_str()))
        .with("app_name", app.map(|app| app.name.as_str()))
        .into_response()
}
