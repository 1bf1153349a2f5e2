//! An operation's refusals in its return type: what is named there is documented, with the answers' own bodies as examples.

use std::marker::PhantomData;

use axum::response::{IntoResponse, Response};
use keyward_domain::values::cases::Cases;
use keyward_domain::values::failure::Failure;
use keyward_guard::{Answers, Schemas};
use utoipa::openapi::path::Operation;

use super::rfc6749::{for_grants, for_tokens};
use crate::error::{ApiError, document_error};

/// A refusal of an operation that refuses in the cases `C`, and that may be [unavailable](ApiError::unavailable).
///
/// It is made of any error of a use case. That the operation gives no other than those in `C` is not checked here: every test
/// that calls it through `TestApp` fails on an answer which the document does not have.
pub struct Refused<C = (), W = Plain> {
    error: ApiError,
    documented: PhantomData<fn() -> (C, W)>,
}

/// How an endpoint words its errors.
pub trait Wording {
    /// The same error as the endpoint answers it.
    fn word(error: ApiError) -> ApiError;
}

/// `{"detail", "code"}`.
pub struct Plain;

/// Adds RFC 6749's `error` and `error_description`, as the token endpoints do.
pub struct TokenWords;

/// RFC 6749, section 5.2: the same, and 400 for every refused grant.
pub struct GrantWords;

impl Wording for Plain {
    fn word(error: ApiError) -> ApiError {
        error
    }
}

impl Wording for TokenWords {
    fn word(error: ApiError) -> ApiError {
        for_tokens(error)
    }
}

impl Wording for GrantWords {
    fn word(error: ApiError) -> ApiError {
        for_grants(error)
    }
}

impl<E: Failure, C, W: Wording> From<E> for Refused<C, W> {
    fn from(error: E) -> Self {
        ApiError::from(error).into()
    }
}

impl<C, W: Wording> From<ApiError> for Refused<C, W> {
    fn from(error: ApiError) -> Self {
        Self { error: W::word(error), documented: PhantomData }
    }
}

impl<C, W> IntoResponse for Refused<C, W> {
    fn into_response(self) -> Response {
        self.error.into_response()
    }
}

impl<C: Cases, W: Wording> Answers for Refused<C, W> {
    fn answers(operation: &mut Operation, _: &mut Schemas) {
        C::each(&mut |when, failure| document_error(operation, &W::word(ApiError::of(failure)), when));
        let when = "Overloaded: try again after `Retry-After` seconds";
        document_error(operation, &W::word(ApiError::unavailable()), when);
    }
}
