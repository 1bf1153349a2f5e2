//! Small pages for links in mails: no script, and one style sheet of ours. Everything is relative to the page, which a proxy may serve
//! under a path.

use std::sync::LazyLock;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_domain::values::email::Email;
use minijinja::{Environment, Value, context};

use crate::error::ApiError;
use crate::settings::public::AppLink;

/// Our style sheet and icon are loaded; forms go here and nowhere else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// The template of every page. Its name ends in `.html`, so that values are escaped.
const PAGE: &str = "page.html";

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    if let Err(error) = environment.add_template(PAGE, include_str!("pages/page.html")) {
        tracing::error!(%error, "the template of pages is faulty");
    }
    environment
});

/// Chooses a new password.
pub(crate) struct ResetPage<'a> {
    /// The token of the link.
    pub(crate) token: Option<&'a str>,
    /// The account's address, where the token is good.
    pub(crate) address: Option<Email>,
    /// The fewest characters of a password.
    pub(crate) min_chars: usize,
    /// Why the password before was refused.
    pub(crate) refused: Option<&'a ApiError>,
}

impl IntoResponse for ResetPage<'_> {
    fn into_response(self) -> Response {
        let Self { token, address, min_chars, refused } = self;
        let (title, another) = ("Choose a new password", "link");
        let Some(token) = token.filter(|token| is_token(token)) else { return incomplete(title, another) };
        let address = address.as_ref().map(Email::as_str);
        let fault = refused.map(ApiError::advice);
        let action = "reset-password";
        let values = context!(title, another, action, token, address, min_chars, fault);
        html(refused.map_or(StatusCode::OK, ApiError::status), values)
    }
}

/// The page that confirms an e-mail address.
pub(crate) fn verification(token: Option<&str>, address: Option<&Email>) -> Response {
    let (title, another, action) = ("Confirm your e-mail address", "proof", "verify-email");
    let Some(token) = token.filter(|token| is_token(token)) else { return incomplete(title, another) };
    let address = address.map(Email::as_str);
    html(StatusCode::OK, context!(title, another, action, token, address))
}

/// A link was not good, or its time is over: what went wrong, and how to get another.
pub(crate) fn no_reset(error: &ApiError) -> Response {
    let (title, another, words) = ("Your password was not changed", "link", error.advice());
    html(error.status(), context!(title, another, words))
}

/// The same for an address.
pub(crate) fn not_verified(error: &ApiError) -> Response {
    let (title, another, words) = ("Your e-mail address was not verified", "proof", error.advice());
    html(error.status(), context!(title, another, words))
}

/// What was asked for is done: what to do next, and the way on, where a setting names one.
pub(crate) fn done(title: &str, words: &str, app: Option<&AppLink>) -> Response {
    let (app_url, app_name) = app.map(|app| (app.url.as_str(), app.name.as_str())).unzip();
    html(StatusCode::OK, context!(title, words, app_url, app_name))
}

/// A page that says something.
pub(crate) fn words(status: StatusCode, title: &str, words: &str) -> Response {
    html(status, context!(title, words))
}

fn incomplete(title: &str, another: &str) -> Response {
    let words = "The link is not complete. Open it once more from the mail.";
    html(StatusCode::OK, context!(title, another, words))
}

fn html(status: StatusCode, values: Value) -> Response {
    match TEMPLATES.get_template(PAGE).and_then(|page| page.render(values)) {
        Ok(html) => {
            let headers = [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CONTENT_SECURITY_POLICY, POLICY),
            ];
            (status, headers, html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Whether this could be a token: nothing else gets into a page.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}
