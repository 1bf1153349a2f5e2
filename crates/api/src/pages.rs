//! Small pages for links in mails: no script, and one style sheet of ours. Everything is relative to the page, which a proxy may serve
//! under a path.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_domain::values::email::Email;

use crate::error::ApiError;

/// Our style sheet and icon are loaded; forms go here and nowhere else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// The form that asks for another link to choose a password.
const ANOTHER_LINK: &str = "<h2>Does the link not work?</h2>
<p>A link is good for 30 minutes and once. The newest one counts.</p>
<form method=\"post\" action=\"password-recovery\">
<label for=\"email\">Your e-mail address</label>
<input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"email\" required>
<button class=\"second\">Send me another link</button>
</form>";

/// What to do for another mail that verifies an address.
const ANOTHER_PROOF: &str = "<h2>Does the link not work?</h2>
<p>A link is good for an hour and once. The newest one counts. Log in, and ask for another mail there.</p>";

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
        let title = "Choose a new password";
        let Some(token) = token.filter(|token| is_token(token)) else {
            return incomplete(title, ANOTHER_LINK);
        };
        let fault = refused.map_or(String::new(), |error| {
            format!("<p class=\"fault\" id=\"fault\" role=\"alert\">{}</p>\n", escaped(&error.advice()))
        });
        let described = if refused.is_some() { "\"hint fault\" aria-invalid=\"true\"" } else { "\"hint\"" };
        let form = format!(
            "{}<form method=\"post\" action=\"reset-password\">\n{}\
            <label for=\"new_password\">New password</label>\n\
            <p class=\"hint\" id=\"hint\">{min_chars} characters or more, and none of the commonest.</p>\n{fault}\
            <input id=\"new_password\" type=\"password\" name=\"new_password\" autocomplete=\"new-password\" \
            minlength=\"{min_chars}\" aria-describedby={described} required autofocus>\n\
            <button>Change my password</button>\n</form>\n{ANOTHER_LINK}",
            whose("The account is", address.as_ref()),
            hidden(token),
        );
        html(refused.map_or(StatusCode::OK, ApiError::status), title, &form)
    }
}

/// The page that confirms an e-mail address.
pub(crate) fn verification(token: Option<&str>, address: Option<&Email>) -> Response {
    let title = "Confirm your e-mail address";
    let Some(token) = token.filter(|token| is_token(token)) else { return incomplete(title, ANOTHER_PROOF) };
    let form = format!(
        "{}<form method=\"post\" action=\"verify-email\">\n{}<button>This is my address</button>\n</form>\n{ANOTHER_PROOF}",
        whose("The address is", address),
        hidden(token),
    );
    html(StatusCode::OK, title, &form)
}

/// A link was not good, or its time is over: what went wrong, and how to get another.
pub(crate) fn no_reset(error: &ApiError) -> Response {
    let words = format!("<p>{}</p>\n{ANOTHER_LINK}", escaped(&error.advice()));
    html(error.status(), "Your password was not changed", &words)
}

/// The same for an address.
pub(crate) fn not_verified(error: &ApiError) -> Response {
    let words = format!("<p>{}</p>\n{ANOTHER_PROOF}", escaped(&error.advice()));
    html(error.status(), "Your e-mail address was not verified", &words)
}

/// A page that says something.
pub(crate) fn words(status: StatusCode, title: &str, words: &str) -> Response {
    html(status, title, &format!("<p>{}</p>", escaped(words)))
}

fn incomplete(title: &str, another: &str) -> Response {
    html(
        StatusCode::OK,
        title,
        &format!("<p>The link is not complete. Open it once more from the mail.</p>\n{another}"),
    )
}

fn whose(words: &str, address: Option<&Email>) -> String {
    address.map_or(String::new(), |email| {
        format!("<p>{words} <strong>{}</strong>.</p>\n", escaped(email.as_str()))
    })
}

fn hidden(token: &str) -> String {
    format!("<input type=\"hidden\" name=\"token\" value=\"{}\">\n", escaped(token))
}

fn html(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escaped(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
        <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
        <link rel=\"icon\" type=\"image/svg+xml\" href=\"docs/icon.svg\">\n\
        <link rel=\"stylesheet\" href=\"docs/pages.css\">\n</head>\n\
        <body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    );
    let headers =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)];
    (status, headers, html).into_response()
}

/// Whether this could be a token: nothing else gets into a page.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
