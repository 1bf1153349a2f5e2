//! `/account/login`: a name and a password, or a passkey.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_api::extract::read;
use keyward_api::extract::read::LoginPassword;
use keyward_domain::sessions::admission::Admission;
use keyward_domain::sessions::log_in::Login;
use keyward_domain::values::names::LoginNames;
use keyward_web::{Input, Query};

use super::onward::Onward;
use super::{passkey, pending};
use crate::known_device;
use crate::next::{Next, redirect};
use crate::page::Page;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// What the form holds.
#[derive(Input)]
struct LoginForm {
    username: String,
    #[input(read = read::login_password())]
    password: LoginPassword,
}

/// The form; a browser that is logged in goes on.
pub async fn show(visit: Visit, Query(onward): Query<Onward>) -> Response {
    let next = onward.open(&visit);
    if visit.session().is_some() {
        return next.follow(&visit.site);
    }
    page(&visit, &next).into_response()
}

fn page(visit: &Visit, next: &Next) -> Page {
    let kinds = visit.site.app.name_rules.kinds;
    Page::new(visit, "login.html", "Log in")
        .leading_to(next)
        .with("keeps_cookies", visit.keeps_cookies)
        .with("name_label", name_label(kinds))
        .with("username", next.hint())
        .with("passkey", passkey::request(&visit.site))
        .with("signup", next.through("/account/signup", &visit.site))
        .with("forgot", next.through("/account/forgot", &visit.site))
}

/// What the field for a name is called.
fn name_label(kinds: LoginNames) -> &'static str {
    match kinds {
        LoginNames::Both => "E-mail address or user name",
        LoginNames::Email => "E-mail address",
        LoginNames::Username => "User name",
    }
}

/// Logs in, or goes on to the second factor.
///
/// # Errors
/// Only what cannot be shown beside the form.
pub async fn submit(
    visit: Visit,
    headers: HeaderMap,
    form: Result<PageForm, Response>,
) -> Result<Response, Refusal> {
    let form = match form {
        Ok(form) => form,
        // Another tab of this browser has logged in since the page was opened.
        Err(_) if visit.session().is_some() => return Ok(Next::account().follow(&visit.site)),
        Err(refused) => return Ok(refused),
    };
    let next = form.next().clone();
    match log_in(&visit, &headers, &form).await {
        Ok(Admission::Granted(tokens)) => Ok(visit.log_in(tokens.session, &next).await?),
        Ok(Admission::Owes(challenge)) => {
            let mut answer = redirect(&next.through("/account/mfa", &visit.site));
            answer.headers_mut().extend(pending::keep(&challenge).map(|cookie| (header::SET_COOKIE, cookie)));
            Ok(answer)
        }
        Err(error) => {
            let page = page(&visit, &next).refused(&error);
            Ok(page.with("username", form.text("username")).into_response())
        }
    }
}

async fn log_in(visit: &Visit, headers: &HeaderMap, form: &PageForm) -> Result<Admission, ApiError> {
    let app = &visit.site.app;
    if let Some(assertion) = passkey::assertion(form)? {
        let ended = app.log_in_with_passkey.log_in(&assertion, &visit.origin).await;
        return Ok(Admission::Granted(Box::new(app.metrics.login(ended)?)));
    }
    let LoginForm { username, password: LoginPassword { password, .. } } = form.read(&())?;
    let login = Login {
        name: username,
        password,
        otp: None,
        with_code: false,
        scope: None,
        client: None,
        device: known_device::read(headers, &visit.site),
        key: None,
    };
    Ok(app.metrics.login(app.log_in.log_in(login, &visit.origin).await)?)
}
