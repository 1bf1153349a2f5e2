//! Why a request could not be read, and the answer that says so in FastAPI's shape.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use keyward_guard::{Answers, ErrorCode, PROBLEM, Schemas, document_problem, problem_schema};
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::Operation;
use utoipa::{PartialSchema, ToSchema};

use crate::codes;
use crate::fault::Fault;

/// Why a request could not be read. As an answer it is FastAPI's `{"detail": ..}` with a `code`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// 422: the faulty fields, all of them.
    #[error("Validation Error")]
    Faults(Vec<Fault>),
    /// 400: a secret stands in the query.
    #[error("Credentials belong into the body, never into the address.")]
    CredentialsInQuery,
    /// 400: the connection broke, or the framing of the body.
    #[error("The body could not be read.")]
    Unreadable,
    /// 408: the body took too long.
    #[error("The body took too long to arrive.")]
    TooSlow,
    /// 413: the body is larger than this many bytes.
    #[error("The body is larger than the {0} bytes accepted here.")]
    TooLarge(usize),
    /// 415: the body is compressed.
    #[error("A compressed body is not accepted.")]
    Compressed,
    /// 415: the body is of none of these media types.
    #[error("The body must be sent with a Content-Type of {}.", .0.join(" or "))]
    MediaType(Vec<&'static str>),
}

impl Rejection {
    /// One faulty field.
    pub fn fault(fault: Fault) -> Self {
        Self::Faults(vec![fault])
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Faults(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::CredentialsInQuery | Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Compressed | Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }

    /// The code of the answer: what programs compare.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Faults(_) => codes::VALIDATION,
            Self::CredentialsInQuery => codes::CREDENTIALS_IN_QUERY,
            Self::Unreadable => codes::UNREADABLE_BODY,
            Self::TooSlow => codes::BODY_TIMEOUT,
            Self::TooLarge(_) => codes::BODY_TOO_LARGE,
            Self::Compressed | Self::MediaType(_) => codes::UNSUPPORTED_MEDIA_TYPE,
        }
    }

    fn body(&self) -> ErrorBody<'_> {
        let detail = match self {
            Self::Faults(faults) => Detail::Faults(faults),
            other => Detail::Text(other.to_string()),
        };
        ErrorBody { detail, code: self.code() }
    }

    /// Both as one, if both are faulty fields; otherwise the one that is not.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Faults(mut faults), Self::Faults(more)) => {
                faults.extend(more);
                Self::Faults(faults)
            }
            (Self::Faults(_), other) => other,
            (own, _) => own,
        }
    }
}

impl From<Vec<Fault>> for Rejection {
    fn from(faults: Vec<Fault>) -> Self {
        Self::Faults(faults)
    }
}

impl From<Fault> for Rejection {
    fn from(fault: Fault) -> Self {
        Self::fault(fault)
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        (self.status(), Json(self.body())).into_response()
    }
}

/// By hand: what a handler rejects of its own accord stands in its `#[utoipa::path(responses(..))]`.
impl Answers for Rejection {
    fn answers(_: &mut Operation, _: &mut Schemas) {}
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    detail: Detail<'a>,
    code: ErrorCode,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Detail<'a> {
    Text(String),
    Faults(&'a [Fault]),
}

/// The faulty fields of a request, all of them.
#[derive(ToSchema)]
#[schema(as = HTTPValidationError)]
#[expect(dead_code, reason = "documents the body of a 422")]
struct Faults {
    detail: Vec<Fault>,
    /// What went wrong, for programs.
    code: String,
}

/// Documents that an operation can answer this rejection: when, and with its own body as the example.
pub fn document_rejection(
    operation: &mut Operation,
    schemas: &mut Schemas,
    rejection: &Rejection,
    when: &str,
) {
    if let Rejection::Faults(_) = rejection {
        Faults::schemas(schemas);
        schemas.push((Faults::name().into_owned(), Faults::schema()));
    } else {
        schemas.push((PROBLEM.to_owned(), RefOr::T(problem_schema())));
    }
    let body = serde_json::to_value(rejection.body()).unwrap_or(Value::Null);
    document_problem(operation, rejection.status().as_u16(), when, body);
}

/// Documents the 422 of faulty fields, with this one as the example.
pub fn document_validation(operation: &mut Operation, schemas: &mut Schemas, fault: Fault) {
    let when = "Validation Error: every faulty field at once";
    document_rejection(operation, schemas, &Rejection::fault(fault), when);
}
