//! Errors as pages. A handler answers a [`Refusal`]; the layer of all pages shows it, and anything else that went wrong on its way.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next as Rest;
use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_domain::values::failure::Failure;

use crate::page::Page;
use crate::site::Site;
use crate::visit::Visit;

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

/// Shows errors as pages, whichever part answered them.
pub(crate) async fn show(State(site): State<Site>, request: Request, rest: Rest) -> Response {
    let (mut parts, body) = request.into_parts();
    let answer = rest.run(Request::from_parts(parts.clone(), body)).await;
    let status = answer.status();
    let failed = status.is_client_error() || status.is_server_error();
    if !failed || is_page(&answer) {
        return answer;
    }
    let (mut head, _) = answer.into_parts();
    let visit = Visit::anonymous(&mut parts, &site).await;
    let words = head.extensions.remove::<Words>().map(|Words(words)| words);
    let (title, usual) = usual(status);
    let words = words.filter(|_| status.is_client_error()).unwrap_or_else(|| usual.to_owned());
    let page = Page::plain(&visit, "error.html", title).status(status).with("words", words);
    let mut page = page.into_response();
    for name in [header::RETRY_AFTER, header::ALLOW] {
        if let Some(value) = head.headers.remove(&name) {
            page.headers_mut().insert(name, value);
        }
    }
    page
}

fn is_page(answer: &Response) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// The title of an error, and what to do about it where nothing better is known.
fn usual(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND => ("Page not found", "There is no such page here."),
        StatusCode::FORBIDDEN => ("Not allowed", "You may not do this."),
        StatusCode::TOO_MANY_REQUESTS => ("Too many attempts", "Wait a little, then try again."),
        StatusCode::SERVICE_UNAVAILABLE => {
            ("Not available right now", "Nothing was changed. Try again in a moment.")
        }
        status if status.is_server_error() => {
            ("Something went wrong", "This is our fault. Try again; if it happens again, tell the operator.")
        }
        _ => ("This did not work", "The request could not be understood. Go back and try again."),
    }
}
