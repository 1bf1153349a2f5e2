//! Every error this api answers comes through here, in one shape: `{"detail": ..}`.
//!
//! What went wrong inside is logged once, here, within the request's span; the caller reads "Internal Server Error".

use std::error::Error;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_domain::sessions::error::SessionError;
use keyward_domain::values::failure::{Failure, Kind};
use keyward_web::{Fault, Loc, Rejection};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};

/// An answer that is no success.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    detail: Detail,
    oauth: Option<&'static str>,
    challenge: &'static str,
    retry_after: u64,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Detail {
    Text(String),
    Faults(Vec<Fault>),
}

/// The faulty fields of a request, all of them.
#[derive(ToSchema)]
#[schema(as = HTTPValidationError)]
#[expect(dead_code, reason = "documents the body of a 422")]
pub(crate) struct Faults {
    detail: Vec<Fault>,
    /// At the token endpoints: `invalid_request`.
    #[schema(nullable = false)]
    error: Option<String>,
    /// At the token endpoints: the faults in one sentence.
    #[schema(nullable = false)]
    error_description: Option<String>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    detail: &'a Detail,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<String>,
}

impl ApiError {
    /// An error that the caller can mend.
    pub fn new(status: StatusCode, detail: &str) -> Self {
        Self {
            status,
            detail: Detail::Text(detail.to_owned()),
            oauth: None,
            challenge: "Bearer",
            retry_after: 1,
        }
    }

    /// Faulty fields, all of them.
    pub fn faults(faults: Vec<Fault>) -> Self {
        let detail = Detail::Faults(faults);
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            detail,
            oauth: None,
            challenge: "Bearer",
            retry_after: 1,
        }
    }

    /// One faulty field.
    pub fn fault(fault: Fault) -> Self {
        Self::faults(vec![fault])
    }

    /// A request that could not be read.
    pub fn rejected(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Faults(faults) => Self::faults(faults),
            other => Self::new(other.status(), &other.to_string()),
        }
    }

    /// A fault of ours.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    }

    /// We cannot serve this now; later we may.
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
    }

    /// The same error with RFC 6749's code for it (section 5.2), as the token endpoints answer.
    #[must_use]
    pub fn with_oauth(mut self, code: &'static str) -> Self {
        self.oauth = Some(code);
        self
    }

    /// The same error with another `WWW-Authenticate` than `Bearer`, should it be a 401.
    #[must_use]
    pub fn challenging(mut self, challenge: &'static str) -> Self {
        self.challenge = challenge;
        self
    }

    /// A request that could not be read, as the OAuth2 endpoints say it: 400 `invalid_request` for faulty fields.
    #[must_use]
    pub fn for_oauth(self) -> Self {
        match self.detail {
            Detail::Faults(_) => Self::new(StatusCode::BAD_REQUEST, &self.words()),
            Detail::Text(_) => self,
        }
        .with_oauth("invalid_request")
    }

    /// The status it answers with.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// What went wrong, in words.
    pub(crate) fn words(&self) -> String {
        match &self.detail {
            Detail::Text(text) => text.clone(),
            Detail::Faults(faults) => faults.iter().map(words).collect::<Vec<_>>().join("; "),
        }
    }
}

fn words(fault: &Fault) -> String {
    let field = fault.loc.iter().rev().find_map(|loc| match loc {
        Loc::Name(name) => Some(name.as_ref()),
        Loc::Index(_) => None,
    });
    format!("{}: {}", field.unwrap_or("body"), fault.msg)
}

impl<E: Failure> From<E> for ApiError {
    fn from(error: E) -> Self {
        let mut answer = match error.kind() {
            Kind::Internal => {
                tracing::error!(cause = causes(&error), "internal error");
                Self::internal()
            }
            Kind::Contended | Kind::Unavailable => {
                tracing::warn!(cause = causes(&error), "unavailable");
                Self::unavailable()
            }
            Kind::Invalid => Self::new(StatusCode::BAD_REQUEST, &error.to_string()),
            Kind::Unauthenticated => Self::new(StatusCode::UNAUTHORIZED, &error.to_string()),
            Kind::Forbidden => Self::new(StatusCode::FORBIDDEN, &error.to_string()),
            Kind::NotFound => Self::new(StatusCode::NOT_FOUND, &error.to_string()),
            Kind::Unprocessable => Self::new(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
            Kind::Conflict => Self::new(StatusCode::CONFLICT, &error.to_string()),
            Kind::Throttled => Self::new(StatusCode::TOO_MANY_REQUESTS, &error.to_string()),
        };
        answer.retry_after = error.retry_after().unwrap_or(answer.retry_after);
        answer
    }
}

/// An error of a token endpoint, which names RFC 6749's code beside the detail.
pub fn token_error(error: SessionError) -> ApiError {
    let code = match &error {
        SessionError::InvalidCredentials
        | SessionError::InvalidRefreshToken
        | SessionError::RefreshTokenReused
        | SessionError::EmailUnverified
        | SessionError::EmailUnverifiedNoMail(_) => Some("invalid_grant"),
        SessionError::NotRevocable => Some("unsupported_token_type"),
        SessionError::Scope(_) => Some("invalid_scope"),
        SessionError::Throttled(_) => Some("temporarily_unavailable"),
        _ => None,
    };
    let answer = ApiError::from(error);
    match code {
        Some(code) => answer.with_oauth(code),
        None => answer,
    }
}

/// An error of `/oauth/token`, where whatever is wrong with a grant is a 400 (RFC 6749, section 5.2).
pub fn oauth_error(error: SessionError) -> ApiError {
    let mut answer = token_error(error);
    if [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&answer.status) {
        answer.status = StatusCode::BAD_REQUEST;
    }
    answer
}

/// An error and what caused it, down to the root.
fn causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error_description = self.oauth.map(|_| self.words());
        let body = ErrorBody { detail: &self.detail, error: self.oauth, error_description };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(self.challenge));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, self.retry_after.into());
            }
            _ => {}
        }
        response
    }
}

/// Documents an error in the common shape.
pub fn document_error(operation: &mut Operation, status: StatusCode, description: &str) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Error"))).build();
    let response =
        ResponseBuilder::new().description(description).content("application/json", content).build();
    operation.responses.responses.entry(status.as_str().to_owned()).or_insert_with(|| response.into());
}
