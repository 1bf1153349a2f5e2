//! What stands behind a page's form: the same operation for a browser, which wants a page for an answer, and
//! for a program.

use std::convert::Infallible;
use std::marker::PhantomData;

use axum::Json;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_domain::values::cases::Cases;
use keyward_guard::{Answers, Documented, Schemas, document_content, document_success};
use keyward_web::{AnyBody, FromState, Input};
use serde::Serialize;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{ContentBuilder, RefOr};
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

impl Submitter {
    /// 204, or the error; for a browser the page that says so.
    pub fn answer<C>(
        self,
        outcome: Result<(), ApiError>,
        done: impl FnOnce() -> Response,
        refused: impl FnOnce(&ApiError) -> Response,
    ) -> Outcome<C> {
        let answer = match (outcome, self) {
            (Ok(()), Self::Program) => StatusCode::NO_CONTENT.into_response(),
            (Err(error), Self::Program) => error.into_response(),
            (Ok(()), Self::Page) => done(),
            (Err(error), Self::Page) => refused(&error),
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

/// What [`Submitter::asked`] makes: 202 with `T`, for a browser as a page; and the refusals `C`.
pub struct Asked<T, C> {
    answer: Response,
    documented: PhantomData<fn() -> (T, C)>,
}

impl Submitter {
    /// 202 with `notice`, or the error; for a browser a page of either title with the same words.
    pub fn asked<T: Serialize + AsRef<str>, C>(
        self,
        outcome: Result<(), ApiError>,
        notice: T,
        done: &str,
        refused: &str,
    ) -> Asked<T, C> {
        let answer = match (outcome, self) {
            (Ok(()), Self::Program) => (StatusCode::ACCEPTED, Json(notice)).into_response(),
            (Err(error), Self::Program) => error.into_response(),
            (Ok(()), Self::Page) => pages::words(StatusCode::ACCEPTED, done, notice.as_ref()),
            (Err(error), Self::Page) => pages::words(error.status(), refused, &error.advice()),
        };
        Asked { answer, documented: PhantomData }
    }
}

impl<T, C> IntoResponse for Asked<T, C> {
    fn into_response(self) -> Response {
        self.answer
    }
}

impl<T: ToSchema, C: Cases> Answers for Asked<T, C> {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        document_success::<T>(operation, schemas, StatusCode::ACCEPTED);
        if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("202") {
            let page = ContentBuilder::new().schema(Some(String::schema())).build();
            response.content.insert("text/html".to_owned(), RefOr::T(page));
        }
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

/// Whether a browser asks for a page.
pub(crate) fn accepts_pages(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/html"))
}
