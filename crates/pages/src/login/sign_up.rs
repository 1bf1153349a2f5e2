//! `/account/signup`.

use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_api::extract::{SignUps, UserCreate};
use keyward_domain::sessions::opening::Tokens;
use keyward_domain::values::names::LoginNames;
use keyward_web::{FromState, Query};

use super::onward::Onward;
use crate::next::{Next, redirect};
use crate::page::Page;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// The form; a browser that is logged in goes on.
pub async fn show(visit: Visit, Query(onward): Query<Onward>) -> Response {
    let next = onward.open(&visit);
    if visit.session().is_some() {
        return next.follow(&visit.site);
    }
    if onward.done.is_some() {
        let words = "A code and a link are on their way to your e-mail address. Open the link, then log in.";
        let page = Page::new(&visit, "notice.html", "Look into your mailbox").with("words", words);
        return page.with("link", next.login(&visit.site)).with("link_words", "Log in").into_response();
    }
    page(&visit, &next).into_response()
}

fn page(visit: &Visit, next: &Next) -> Page {
    let app = &visit.site.app;
    let rules = app.name_rules;
    Page::new(visit, "signup.html", "Sign up")
        .leading_to(next)
        .with("keeps_cookies", visit.keeps_cookies)
        .with("min_chars", app.policy.min_chars)
        .with("asks_email", rules.kinds != LoginNames::Username || rules.email_required)
        .with("asks_username", rules.kinds != LoginNames::Email)
        .with("email_required", rules.email_required || rules.kinds == LoginNames::Email)
        .with("username_required", rules.kinds == LoginNames::Username)
        .with("email", next.hinted_email())
        .with("username", next.hinted_username())
        .with("login", next.login(&visit.site))
}

/// Makes the account and logs in to it, or says that the address has to be verified first.
///
/// # Errors
/// Only what cannot be shown beside the form.
pub async fn submit(visit: Visit, form: Result<PageForm, Response>) -> Result<Response, Refusal> {
    let form = match form {
        Ok(form) => form,
        Err(_) if visit.session().is_some() => return Ok(Next::account().follow(&visit.site)),
        Err(refused) => return Ok(refused),
    };
    let next = form.next().clone();
    match sign_up(&visit, &form).await {
        Ok(Some(tokens)) => Ok(visit.log_in(tokens.session, &next).await?),
        Ok(None) => {
            let page = next.through("/account/signup", &visit.site);
            let separator = if page.contains('?') { '&' } else { '?' };
            Ok(redirect(&format!("{page}{separator}done=mail")))
        }
        Err(error) => {
            let page = page(&visit, &next).refused(&error);
            let page = page.with("email", form.text("email")).with("username", form.text("username"));
            Ok(page.with("name", form.text("name")).into_response())
        }
    }
}

async fn sign_up(visit: &Visit, form: &PageForm) -> Result<Option<Tokens>, ApiError> {
    let app = &visit.site.app;
    let new: UserCreate = form.read(&SignUps::from_state(app))?;
    Ok(app.sign_up.register_and_log_in(new.into(), &visit.origin).await?)
}
