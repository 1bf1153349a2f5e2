//! `/account/forgot`: a link to choose a new password.

use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_api::extract::read;
use keyward_domain::values::email::Email;
use keyward_web::{Input, Query};

use super::onward::Onward;
use crate::next::{Next, redirect};
use crate::page::Page;
use crate::page_form::{MailForm, PageForm};
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Who forgot their password.
#[derive(Input)]
struct ForgotForm {
    #[input(read = read::email())]
    email: Email,
}

/// The form; after it, what happens next, which is the same whether or not the address has an account.
pub async fn show(visit: Visit, Query(onward): Query<Onward>) -> Response {
    let next = onward.open(&visit);
    let words = match onward.done.as_deref() {
        None => return page(&visit, &next).into_response(),
        Some("sent") => {
            "If this address has an account, a link is on its way to it. It is good for 30 minutes."
        }
        Some(_) => "Several links were requested for this address. Use the newest one, or try again later.",
    };
    let page = Page::new(&visit, "notice.html", "Look into your mailbox").with("words", words);
    page.with("link", next.login(&visit.site)).with("link_words", "Back to the login").into_response()
}

fn page(visit: &Visit, next: &Next) -> Page {
    let page = Page::new(visit, "forgot.html", "Forgot your password?").leading_to(next);
    page.with("email", next.hinted_email()).with("login", next.login(&visit.site))
}

/// Has the mail sent.
///
/// # Errors
/// Only what cannot be shown beside the form.
pub async fn submit(visit: Visit, MailForm(form): MailForm) -> Result<Response, Refusal> {
    let next = form.next().clone();
    match request(&visit, &form).await {
        Ok(sent) => {
            let page = next.through("/account/forgot", &visit.site);
            let separator = if page.contains('?') { '&' } else { '?' };
            let done = if sent { "sent" } else { "enough" };
            Ok(redirect(&format!("{page}{separator}done={done}")))
        }
        Err(error) => {
            let page = page(&visit, &next).refused(&error);
            Ok(page.with("email", form.text("email")).into_response())
        }
    }
}

/// Returns `false` where too many links were requested for the address.
async fn request(visit: &Visit, form: &PageForm) -> Result<bool, ApiError> {
    let ForgotForm { email } = form.read(&())?;
    Ok(visit.site.app.recovery.request(email, &visit.origin).await?)
}
