//! `/account/mfa`: the second factor of a login.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_domain::values::codes::INVALID_MFA_TOKEN;
use keyward_domain::values::proof::Method;
use keyward_web::Query;

use super::onward::Onward;
use super::pending::{self, Pending};
use super::{answer, passkey};
use crate::next::{Next, redirect};
use crate::page::Page;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// The forms for what the account has.
pub async fn show(visit: Visit, headers: HeaderMap, Query(onward): Query<Onward>) -> Response {
    let next = onward.open(&visit);
    match Pending::read(&headers) {
        _ if visit.session().is_some() => next.follow(&visit.site),
        Some(pending) => page(&visit, &pending, &next).into_response(),
        None => redirect(&next.login(&visit.site)),
    }
}

fn page(visit: &Visit, pending: &Pending, next: &Next) -> Page {
    let passkey = pending.takes(Method::Passkey).then(|| passkey::request(&visit.site)).flatten();
    Page::new(visit, "mfa.html", "One more step")
        .leading_to(next)
        .with("action", "/account/mfa")
        .with("otp", pending.takes(Method::Otp))
        .with("recovery_code", pending.takes(Method::RecoveryCode))
        .with("passkey", passkey)
        .with("restart", next.login(&visit.site))
}

/// Finishes the login.
///
/// # Errors
/// Only what cannot be shown beside the form.
pub async fn submit(visit: Visit, headers: HeaderMap, form: PageForm) -> Result<Response, Refusal> {
    let next = form.next().clone();
    let Some(pending) = Pending::read(&headers) else { return Ok(redirect(&next.login(&visit.site))) };
    match finish(&visit, &pending, &form).await {
        Ok(mut answer) => {
            answer.headers_mut().extend(pending::forget().map(|cookie| (header::SET_COOKIE, cookie)));
            Ok(answer)
        }
        Err(error) if error.code() == INVALID_MFA_TOKEN => Err(Refusal(error)),
        Err(error) => {
            Ok(page(&visit, &pending, &next).refused_at(&error, &[answer::field(&form)]).into_response())
        }
    }
}

async fn finish(visit: &Visit, pending: &Pending, form: &PageForm) -> Result<Response, ApiError> {
    let app = &visit.site.app;
    let given = answer::read(form)?;
    let ended = app.finish_login.finish(&pending.token, &given, None, None, &visit.origin).await;
    let tokens = app.metrics.login(ended)?;
    Ok(visit.log_in(tokens.session, form.next()).await?)
}
