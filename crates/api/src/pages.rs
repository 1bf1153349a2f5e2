//! Small pages for links in mails: no script, no style, nothing from elsewhere.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Nothing is loaded; forms go here and nowhere else.
const POLICY: &str = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page with a form that sends the link's token back.
pub(crate) struct TokenPage {
    title: &'static str,
    /// Relative to the page, which a proxy may serve under a path of its own.
    action: &'static str,
    /// HTML between the token and the button.
    fields: String,
    button: &'static str,
}

/// Chooses a new password of at least `min_chars` characters.
pub(crate) fn reset(min_chars: usize) -> TokenPage {
    let fields = format!(
        "<p><label>New password, {min_chars} characters or more<br>\
        <input type=\"password\" name=\"new_password\" autocomplete=\"new-password\" minlength=\"{min_chars}\" \
        required autofocus></label></p>\n"
    );
    TokenPage {
        title: "Choose a new password",
        action: "reset-password",
        fields,
        button: "Change my password",
    }
}

/// Confirms an e-mail address.
pub(crate) const VERIFICATION: TokenPage = TokenPage {
    title: "Confirm your e-mail address",
    action: "verify-email",
    fields: String::new(),
    button: "This is my address",
};

/// The page with the token in its form, if this can be one.
pub(crate) fn with_token(token: Option<&str>, page: &TokenPage) -> Response {
    let TokenPage { title, action, fields, button } = page;
    let Some(token) = token.filter(|token| is_token(token)) else {
        return words(StatusCode::OK, title, "The link is not complete.");
    };
    let form = format!(
        "<form method=\"post\" action=\"{action}\">\n<input type=\"hidden\" name=\"token\" value=\"{}\">\n{fields}\
        <p><button>{button}</button></p>\n</form>",
        escaped(token)
    );
    html(StatusCode::OK, title, &form)
}

/// A page that says something.
pub(crate) fn words(status: StatusCode, title: &str, words: &str) -> Response {
    html(status, title, &format!("<p>{}</p>", escaped(words)))
}

fn html(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escaped(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n</head>\n\
        <body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    );
    let headers =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)];
    (status, headers, html).into_response()
}

/// Whether this could be a token: nothing else gets into a page.
fn is_token(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
