//! Why a request could not be read, and the answer that says so in FastAPI's shape.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use keyward_guard::{ERROR, Schemas, error_schema};
use serde::Serialize;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use crate::fault::Fault;

/// Why a request could not be read. As an answer it is `{"detail": ..}`, as FastAPI's.
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
    /// 413: the body is larger than so many bytes.
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
        let status = self.status();
        let detail = match self {
            Self::Faults(faults) => Detail::Faults(faults),
            other => Detail::Text(other.to_string()),
        };
        (status, Json(ErrorBody { detail })).into_response()
    }
}

#[derive(Serialize)]
struct ErrorBody {
    detail: Detail,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Detail {
    Text(String),
    Faults(Vec<Fault>),
}

/// The faulty fields of a request, all of them.
#[derive(ToSchema)]
#[schema(as = HTTPValidationError)]
#[expect(dead_code, reason = "documents the body of a 422")]
struct Faults {
    detail: Vec<Fault>,
}

/// Documents an error in the common shape.
pub fn document_error(
    operation: &mut Operation,
    schemas: &mut Schemas,
    status: StatusCode,
    description: &str,
) {
    schemas.push((ERROR.to_owned(), RefOr::T(error_schema())));
    respond(operation, status, description, ERROR);
}

/// Documents the 422 of faulty fields.
pub fn document_validation(operation: &mut Operation, schemas: &mut Schemas) {
    Faults::schemas(schemas);
    schemas.push((Faults::name().into_owned(), Faults::schema()));
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    respond(operation, status, "Validation Error: every faulty field at once", &Faults::name());
}

fn respond(operation: &mut Operation, status: StatusCode, description: &str, schema: &str) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    let response =
        ResponseBuilder::new().description(description).content("application/json", content).build();
    operation.responses.responses.entry(status.as_str().to_owned()).or_insert_with(|| response.into());
}
