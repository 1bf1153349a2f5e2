//! Every error this api answers comes through here, in one shape: `{"detail": .., "code": ..}`.
//!
//! What went wrong inside is logged once, here, within the request's span; the caller reads "Internal Server Error".

mod advice;

use std::error::Error;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_domain::values::codes::{INTERNAL, VALIDATION};
use keyward_domain::values::failure::{Failure, Kind, Owed};
use keyward_guard::{ErrorCode, Schemas, document_problem};
use keyward_web::{Fault, Flaw, Rejection};
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::{PartialSchema, ToSchema};

use self::advice::{advice, field, words};

/// An answer that is no success.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: ErrorCode,
    detail: Detail,
    oauth: Option<&'static str>,
    challenge: &'static str,
    retry_after: u64,
    owed: Option<Owing>,
}

/// A second factor that a login owes.
#[derive(Serialize)]
struct Owing {
    mfa_token: String,
    mfa_methods: Vec<&'static str>,
}

/// The token is as good as half a login.
impl std::fmt::Debug for Owing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Owing").field("mfa_methods", &self.mfa_methods).finish_non_exhaustive()
    }
}

/// The challenge where a recent login or proof is asked for (RFC 9470, section 3).
const RECENT: &str = "Bearer error=\"insufficient_user_authentication\", \
    error_description=\"A more recent or stronger authentication is required\", \
    max_age=\"300\", acr_values=\"aal1 aal2\"";
/// The same for an account that has a second factor which was not shown.
const STRONGER: &str = "Bearer error=\"insufficient_user_authentication\", \
    error_description=\"A more recent or stronger authentication is required\", \
    max_age=\"300\", acr_values=\"aal2\"";

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
    /// What went wrong, for programs.
    code: String,
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
    code: ErrorCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<String>,
    #[serde(flatten)]
    owed: Option<&'a Owing>,
}

impl ApiError {
    /// An error that the caller can fix. Programs compare its code, people read the detail.
    pub fn new(status: StatusCode, code: ErrorCode, detail: &str) -> Self {
        Self::of_detail(status, code, Detail::Text(detail.to_owned()))
    }

    /// Faulty fields, all of them.
    pub fn faults(faults: Vec<Fault>) -> Self {
        Self::of_detail(StatusCode::UNPROCESSABLE_ENTITY, VALIDATION, Detail::Faults(faults))
    }

    fn of_detail(status: StatusCode, code: ErrorCode, detail: Detail) -> Self {
        Self { status, code, detail, oauth: None, challenge: "Bearer", retry_after: 1, owed: None }
    }

    pub fn fault(fault: Fault) -> Self {
        Self::faults(vec![fault])
    }

    /// A request that could not be read.
    pub fn rejected(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Faults(faults) => Self::faults(faults),
            other => Self::new(other.status(), other.code(), &other.to_string()),
        }
    }

    /// A fault of ours.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL, "Internal Server Error")
    }

    /// We cannot serve this now; later we may.
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::UNAVAILABLE, "Service Unavailable")
    }

    /// The same error with RFC 6749's code for it (section 5.2), as the token endpoints answer.
    #[must_use]
    pub fn with_oauth(mut self, code: &'static str) -> Self {
        self.oauth = Some(code);
        self
    }

    /// Whether it has a code of RFC 6749 already.
    pub(crate) fn is_worded(&self) -> bool {
        self.oauth.is_some()
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
            Detail::Faults(_) => Self::new(StatusCode::BAD_REQUEST, self.code, &self.words()),
            Detail::Text(_) => self,
        }
        .with_oauth("invalid_request")
    }

    /// The same error with another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The status it answers with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What went wrong, for programs.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The error of a use case. What the caller cannot fix is logged, and a fixed sentence stands for it.
    pub(crate) fn of(failure: &dyn Failure) -> Self {
        let status = match failure.kind() {
            Kind::Internal => {
                tracing::error!(cause = causes(failure), "internal error");
                return Self::internal();
            }
            Kind::Contended | Kind::Unavailable => {
                tracing::warn!(cause = causes(failure), "unavailable");
                return Self::unavailable().waiting(failure.retry_after());
            }
            Kind::Unprocessable => {
                let [part, name] = failure.field().unwrap_or(["body", "body"]);
                let fault = Flaw::value(&failure.to_string()).in_field(part, name, None);
                return Self { code: failure.code(), ..Self::fault(fault) };
            }
            Kind::Missing => {
                let [part, name] = failure.field().unwrap_or(["body", "body"]);
                return Self::fault(Flaw::missing().in_field(part, name, None));
            }
            Kind::Invalid => StatusCode::BAD_REQUEST,
            Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::Throttled => StatusCode::TOO_MANY_REQUESTS,
        };
        let owed = failure.owed().map(|Owed { token, methods }| Owing {
            mfa_token: token.to_owned(),
            mfa_methods: methods.to_vec(),
        });
        let error = Self { owed, ..Self::new(status, failure.code(), &failure.to_string()) };
        let error = error.waiting(failure.retry_after());
        match failure.acr_values() {
            Some("aal2") => error.challenging(STRONGER),
            Some(_) => error.challenging(RECENT),
            None => error,
        }
    }

    fn waiting(self, seconds: Option<u64>) -> Self {
        Self { retry_after: seconds.unwrap_or(self.retry_after), ..self }
    }

    fn body(&self) -> ErrorBody<'_> {
        let error_description = self.oauth.map(|_| self.words());
        let owed = self.owed.as_ref();
        ErrorBody { detail: &self.detail, code: self.code, error: self.oauth, error_description, owed }
    }

    /// What went wrong and what to do, for a person who filled in a form.
    pub fn advice(&self) -> String {
        match &self.detail {
            Detail::Text(text) => text.clone(),
            Detail::Faults(faults) => faults.iter().map(advice).collect::<Vec<_>>().join(" "),
        }
    }

    /// The faulty fields of a form, each by its name and with what to do about it. Empty for an error of another kind.
    pub fn fields(&self) -> Vec<(&str, String)> {
        match &self.detail {
            Detail::Text(_) => Vec::new(),
            Detail::Faults(faults) => faults.iter().map(|fault| (field(fault), advice(fault))).collect(),
        }
    }

    /// What went wrong, in words.
    pub(crate) fn words(&self) -> String {
        match &self.detail {
            Detail::Text(text) => text.clone(),
            Detail::Faults(faults) => faults.iter().map(words).collect::<Vec<_>>().join("; "),
        }
    }
}

impl<E: Failure> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self::of(&error)
    }
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
        let mut response = (self.status, Json(self.body())).into_response();
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

/// Documents that an operation can answer this error: when, and with its own body as the example.
pub fn document_error(operation: &mut Operation, error: &ApiError, when: &str) {
    let body = serde_json::to_value(error.body()).unwrap_or(Value::Null);
    document_problem(operation, error.status.as_u16(), when, body);
}

/// Documents the 422 of faulty fields, with this one as the example.
pub fn document_validation(operation: &mut Operation, schemas: &mut Schemas, error: &ApiError) {
    Faults::schemas(schemas);
    schemas.push((Faults::name().into_owned(), Faults::schema()));
    document_error(operation, error, "Validation Error: every faulty field at once");
}
