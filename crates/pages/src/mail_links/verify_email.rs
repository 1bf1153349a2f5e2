//! `/verify-email`: the proof that an e-mail address is one's own.

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_api::extract::read;
use keyward_domain::identity::verification::Proof;
use keyward_domain::values::email::Email;
use keyward_web::{Input, Query};

use super::deed::Deed;
use super::link::{Link, is_token};
use crate::login::onward::Onward;
use crate::next::{Next, redirect};
use crate::page::Page;
use crate::page_form::{MailForm, PageForm};
use crate::refusal::Refusal;
use crate::visit::Visit;

/// The address that waits for a mail.
#[derive(Input)]
struct AnotherMail {
    #[input(read = read::email())]
    email: Email,
}

/// A button. Opening the page changes nothing, for mail scanners open links.
pub async fn show(visit: Visit, Query(link): Query<Link>) -> Response {
    let Some(token) = link.token() else { return incomplete(&visit).into_response() };
    // The page is there without a database, too: its button says what is wrong.
    let email = visit.site.app.verification.proves(token).await.unwrap_or_default();
    Page::of_mail(&visit, "verify_email.html", "Confirm your e-mail address")
        .with("token", token)
        .with("address", email.as_ref().map(ToString::to_string))
        .into_response()
}

fn incomplete(visit: &Visit) -> Page {
    another(visit, "Confirm your e-mail address")
        .with("words", "The link is not complete. Open it once more from the mail.")
}

/// What went wrong with the link, and how to get another mail.
fn another(visit: &Visit, title: &'static str) -> Page {
    Page::of_mail(visit, "another_verification.html", title)
}

/// Verifies the address.
///
/// # Errors
/// Too many attempts, and what the database answered.
pub async fn submit(visit: Visit, MailForm(form): MailForm) -> Result<Response, Refusal> {
    let token = form.text("token");
    if !is_token(token) {
        return Ok(incomplete(&visit).status(StatusCode::BAD_REQUEST).into_response());
    }
    let verified = visit.site.app.verification.confirm(Proof::Token(token.to_owned()), &visit.origin).await;
    match verified.map_err(ApiError::from) {
        Ok(()) => Ok(Deed::Verified.went_well("/account/verify-email/done", &visit.site)),
        // Of a button that was pressed twice, the browser shows the second answer.
        Err(error) if error.status() == StatusCode::BAD_REQUEST => {
            let words =
                format!("{} If you have just used it, your e-mail address is verified.", error.advice());
            let page = another(&visit, "This link does not work any more").with("words", words);
            Ok(page.status(error.status()).into_response())
        }
        // Another account has the address by now.
        Err(error) if error.status() == StatusCode::CONFLICT => {
            let page = another(&visit, "Your e-mail address was not verified").with("words", error.advice());
            Ok(page.status(error.status()).into_response())
        }
        Err(error) => Err(Refusal(error)),
    }
}

/// The address was verified, for the browser that did it.
pub async fn done(visit: Visit, headers: HeaderMap) -> Response {
    if !Deed::Verified.is_of(&headers) {
        return redirect(&Next::account().login(&visit.site));
    }
    let app = visit.site.app.public.app.as_ref();
    let words = "Go back to where you signed up: you can go on there.";
    Page::new(&visit, "notice.html", "Your e-mail address is verified")
        .with("words", words)
        .with("link", Next::account().login(&visit.site))
        .with("link_words", if visit.session().is_some() { "Go to my account" } else { "Log in" })
        .with("app_url", app.map(|app| app.url.as_str()))
        .with("app_name", app.map(|app| app.name.as_str()))
        .into_response()
}

/// The form for another mail; after it, what happens next, which is the same whether or not the address has an account.
pub async fn offer(visit: Visit, Query(onward): Query<Onward>) -> Response {
    let words = match onward.done.as_deref() {
        None => return another(&visit, "Get another mail").into_response(),
        Some("sent") => {
            "If this address has an account and is not verified yet, a code and a link are on their way to it."
        }
        Some(_) => "Several mails were requested for this address. Use the newest one, or try again later.",
    };
    Page::new(&visit, "notice.html", "Look into your mailbox").with("words", words).into_response()
}

/// Has another mail sent.
pub async fn send(visit: Visit, MailForm(form): MailForm) -> Response {
    match request(&visit, &form).await {
        Ok(sent) => {
            let done = if sent { "sent" } else { "enough" };
            redirect(&visit.site.path(&format!("/account/verify-email/another?done={done}")))
        }
        Err(error) => {
            let page = another(&visit, "Get another mail").refused(&error);
            page.with("email", form.text("email")).into_response()
        }
    }
}

/// Returns `false` where too many mails were requested for the address.
async fn request(visit: &Visit, form: &PageForm) -> Result<bool, ApiError> {
    let AnotherMail { email } = form.read(&())?;
    Ok(visit.site.app.resend_verification.request(email, &visit.origin).await?)
}
