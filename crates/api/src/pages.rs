//! Small pages for links in mails: no script, no style, nothing from elsewhere.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Nothing is loaded; forms go here and nowhere else.
const POLICY: &str = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A form for a new password. `token` must be base64url.
pub(crate) fn reset_form(token: &str) -> Response {
    let form = format!(
        "<form method=\"post\" action=\"/reset-password\">\n\
        <input type=\"hidden\" name=\"token\" value=\"{}\">\n\
        <p><label>New password, 8 characters or more<br>\
        <input type=\"password\" name=\"new_password\" autocomplete=\"new-password\" minlength=\"8\" required autofocus>\
        </label></p>\n\
        <p><button>Change my password</button></p>\n</form>",
        escaped(token)
    );
    page(StatusCode::OK, "Choose a new password", &form)
}

/// A page that says something.
pub(crate) fn words(status: StatusCode, title: &str, words: &str) -> Response {
    page(status, title, &format!("<p>{}</p>", escaped(words)))
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
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

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
