//! Errors as pages. A handler answers a [`Refusal`]; the service shows it by `page`, and anything else that went wrong on its way.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_api::state::AppState;
use keyward_domain::values::failure::Failure;

use crate::page::Page;
use crate::site::Site;

/// An error that is shown as a page of its own. Errors of a form's fields are shown beside the form: see
/// [`Page::refused`](crate::page::Page::refused).
#[derive(Debug)]
pub struct Refusal(pub ApiError);

impl<E: Failure> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// What the page of an error says.
#[derive(Clone)]
struct Words(String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let words = Words(self.0.advice());
        let mut answer = self.0.into_response();
        answer.extensions_mut().insert(words);
        answer
    }
}

/// The page of an error, whichever part answered it, with its status.
pub(crate) fn page(app: &AppState, answer: Response) -> Response {
    let status = answer.status();
    let (mut head, _) = answer.into_parts();
    let words = head.extensions.remove::<Words>().map(|Words(words)| words);
    let (title, usual) = usual(status);
    let words = words.filter(|_| status.is_client_error()).unwrap_or_else(|| usual.to_owned());
    let page = Page::plain(&Site::new(app), "error.html", title).status(status).with("words", words);
    let mut page = page.into_response();
    for name in [header::RETRY_AFTER, header::ALLOW] {
        if let Some(value) = head.headers.remove(&name) {
            page.headers_mut().insert(name, value);
        }
    }
    page
}

/// The title of an error, and what to do about it where nothing better is known.
fn usual(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND => ("Page not found", "There is no such page here."),
        StatusCode::METHOD_NOT_ALLOWED => ("Page not found", "This address has no page to open."),
        StatusCode::PAYLOAD_TOO_LARGE => ("This is too large", "What was sent is larger than any form here."),
        StatusCode::FORBIDDEN => ("Not allowed", "You may not do this."),
        StatusCode::TOO_MANY_REQUESTS => ("Too many attempts", "Wait a little, then try again."),
        StatusCode::SERVICE_UNAVAILABLE => {
            ("Not available right now", "This could not be done now. Try again in a moment.")
        }
        status if status.is_server_error() => {
            ("Something went wrong", "This is our fault. Try again; if it happens again, tell the operator.")
        }
        _ => ("This did not work", "The request could not be understood. Go back and try again."),
    }
}
