//! What stands behind a page's form: the same operation for a browser, which wants a page for an answer, and
//! for a program.

use std::convert::Infallible;
use std::marker::PhantomData;

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_domain::values::cases::Cases;
use keyward_guard::{Answers, Documented, Schemas, document_content};
use keyward_web::{AnyBody, FromState, Input};
use utoipa::openapi::path::Operation;
use utoipa::{PartialSchema, ToSchema};

use crate::answers::refused::Refused;
use crate::error::ApiError;
use crate::pages;

/// A body as it was sent, JSON or a form, and whether a browser's form sent it. Refusing it is left to
/// [`Submitter::answer`].
pub struct Submitted<T: Input> {
    pub body: Result<T, ApiError>,
    /// Who wants an answer.
    pub sender: Submitter,
}

/// Who sent a body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Submitter {
    /// The form of one of our pages.
    Page,
    Program,
}

/// The two pages that tell a browser how it went.
pub struct Outcomes {
    /// The title after it was done.
    pub done: &'static str,
    /// What to do next.
    pub next: &'static str,
    /// The title after it was refused.
    pub refused: &'static str,
}

impl Submitter {
    /// 204, or the error; for a browser the page that says so.
    pub fn answer<C>(self, outcome: Result<(), ApiError>, pages: &Outcomes) -> Outcome<C> {
        let answer = match (outcome, self) {
            (Ok(()), Self::Program) => StatusCode::NO_CONTENT.into_response(),
            (Err(error), Self::Program) => error.into_response(),
            (Ok(()), Self::Page) => pages::words(StatusCode::OK, pages.done, pages.next),
            (Err(error), Self::Page) => {
                let words = format!("{} Go back, or ask for another mail.", error.words());
                pages::words(error.status(), pages.refused, &words)
            }
        };
        Outcome { answer, documented: PhantomData }
    }
}

/// What [`Submitter::answer`] makes: 204, or for a browser a page; and the refusals `C`.
pub struct Outcome<C> {
    answer: Response,
    documented: PhantomData<fn() -> C>,
}

impl<C> IntoResponse for Outcome<C> {
    fn into_response(self) -> Response {
        self.answer
    }
}

impl<C: Cases> Answers for Outcome<C> {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        let page = String::schema();
        document_content(operation, StatusCode::OK, "Done, for a browser", Some(("text/html", page)));
        document_content(operation, StatusCode::NO_CONTENT, "Done", None);
        Refused::<C>::answers(operation, schemas);
    }
}

impl<S, T> FromRequest<S> for Submitted<T>
where
    S: Send + Sync,
    T: Input,
    T::Context: FromState<S>,
{
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        let page = accepts_pages(request.headers());
        let sender = if page { Submitter::Page } else { Submitter::Program };
        let body = AnyBody::from_request(request, state).await;
        Ok(Self { body: body.map(|AnyBody(body)| body).map_err(ApiError::rejected), sender })
    }
}

impl<T: Input + ToSchema> Documented for Submitted<T> {
    fn document(operation: &mut Operation, schemas: &mut Schemas) {
        AnyBody::<T>::document(operation, schemas);
    }
}

fn accepts_pages(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/html"))
}
