//! The form of a page, as it comes back.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use keyward_api::error::ApiError;
use keyward_guard::ErrorCode;
use keyward_web::{Fields, Input, Media, Rejection, receive};
use serde_json::{Map, Value};

use crate::form_token;
use crate::next::{self, Next};
use crate::refusal::Refusal;
use crate::same_origin;
use crate::site::Site;
use crate::visit::Visit;

/// The largest form, in bytes: the answer of an authenticator is some kilobytes.
const LARGEST: usize = 64 * 1024;

/// The form is not of a page that this browser was given.
const FOREIGN_FORM: ErrorCode = ErrorCode::new("foreign_form");

/// A form that a page of ours gave to this very browser. Anything else is answered with an error page.
pub struct PageForm {
    fields: Map<String, Value>,
    next: Next,
}

impl PageForm {
    /// Reads the fields of `T`. Those that it does not know are ignored.
    ///
    /// # Errors
    /// The faults of all fields: see [`Page::refused`](crate::page::Page::refused).
    pub fn read<T: Input>(&self, context: &T::Context) -> Result<T, ApiError> {
        T::read_all(Fields::of_form(&self.fields), context).map_err(ApiError::faults)
    }

    /// The text of a field as it was typed; empty where there is none. Never show a secret again.
    pub fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Where the login that this form is part of goes on to.
    pub fn next(&self) -> &Next {
        &self.next
    }
}

impl FromRequest<Site> for PageForm {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Response> {
        read(request, site, Visit::gave).await.map_err(IntoResponse::into_response)
    }
}

/// A form that does nothing in the name of a session: its own fields, such as the token of a mail, decide. So it is bound to the browser,
/// and stays good when the session ends, which a new password brings about. The form of any other page of the visit is taken as well.
pub struct MailForm(pub PageForm);

impl FromRequest<Site> for MailForm {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Response> {
        let gave = |visit: &Visit, token: &str| visit.gave(token) || visit.gave_in_mail(token);
        read(request, site, gave).await.map(Self).map_err(IntoResponse::into_response)
    }
}

async fn read(
    request: Request,
    site: &Site,
    gave: impl FnOnce(&Visit, &str) -> bool,
) -> Result<PageForm, Refusal> {
    let (mut parts, body) = request.into_parts();
    let authority = parts.uri.authority().map(axum::http::uri::Authority::as_str);
    if !same_origin::admits(&parts.headers, authority, site.app.public.url.as_deref()) {
        return Err(refused("This form came from another site. Open the page here and fill it in again."));
    }
    let Ok(visit) = Visit::from_request_parts(&mut parts, site).await;
    if let Err(error) = &visit.session {
        return Err(error.clone().into());
    }
    let rejected = |rejection: Rejection| Refusal(ApiError::rejected(rejection));
    let received = receive(&parts.headers, body, &[Media::Urlencoded], LARGEST).await.map_err(rejected)?;
    let mut fields = received.map(keyward_web::Received::into_object).unwrap_or_default();
    let token = fields.remove(form_token::FIELD);
    let token = token.as_ref().and_then(Value::as_str).unwrap_or_default();
    if !gave(&visit, token) {
        return Err(refused(if visit.is_known || visit.session().is_some() {
            "This page was opened before you logged in or out, or is not the newest one. Open it again."
        } else {
            "Your browser sent no cookie along. Allow cookies for this site, then open the page again."
        }));
    }
    let sealed = fields.remove(next::FIELD);
    let next = sealed.as_ref().and_then(Value::as_str).and_then(|sealed| Next::open(sealed, site));
    Ok(PageForm { fields, next: next.unwrap_or_else(Next::account) })
}

fn refused(words: &str) -> Refusal {
    Refusal(ApiError::new(StatusCode::FORBIDDEN, FOREIGN_FORM, words))
}
