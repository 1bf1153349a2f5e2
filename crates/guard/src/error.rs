//! The lock's refusals: 401, 403, 429 and, while a token cannot be checked, 503.

use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use keyward_auth::{DpopError, DpopNonce, ErrorCode};
use serde_json::{Value, json};

use crate::StepUp;

/// Why a request does not get in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No bearer token came with the request.
    #[error("Not authenticated")]
    NotAuthenticated,
    /// The token is malformed, forged, not ours, or its session has ended.
    #[error("Could not validate credentials")]
    InvalidToken,
    /// The token was good once.
    #[error("Token expired")]
    Expired,
    /// The token is good, but not for this.
    #[error("Not enough permissions")]
    InsufficientScope(&'static str),
    /// The credential is an API key, and the lock opens to access tokens alone.
    #[error("This takes a login: an API key is not good for it.")]
    ApiKey,
    /// The token is good for nothing but enrolling a second factor.
    #[error("This token is good for enrolling a second factor only. Enrol one, then log in again.")]
    EnrolmentOnly,
    /// The token is good, but its holder was authenticated too long ago, or not strongly enough (RFC 9470).
    #[error("A more recent or stronger authentication is required")]
    InsufficientAuthentication(StepUp),
    /// The caller showed too many credentials that open nothing, and has to wait for this number of seconds.
    #[error("Too many attempts. Try again in {0} s.")]
    TooManyAttempts(u64),
    /// The token is bound to a key, and the proof that came with it is not good (RFC 9449).
    #[error("{0}")]
    InvalidProof(DpopError),
    /// The proof has to hold a nonce, this one.
    #[error("The DPoP proof needs the nonce of the header DPoP-Nonce")]
    UseDpopNonce(DpopNonce),
    /// Whether the token is good cannot be found out now.
    #[error("Service Unavailable")]
    Unavailable,
}

impl Refusal {
    /// The code of the answer: what programs compare.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::NotAuthenticated => ErrorCode::NOT_AUTHENTICATED,
            Self::InvalidToken => ErrorCode::INVALID_TOKEN,
            Self::Expired => ErrorCode::TOKEN_EXPIRED,
            Self::InsufficientScope(_) | Self::ApiKey => ErrorCode::INSUFFICIENT_SCOPE,
            Self::EnrolmentOnly => ErrorCode::ENROLMENT_ONLY,
            Self::InsufficientAuthentication(_) => ErrorCode::INSUFFICIENT_USER_AUTHENTICATION,
            Self::InvalidProof(_) => ErrorCode::INVALID_DPOP_PROOF,
            Self::UseDpopNonce(_) => ErrorCode::USE_DPOP_NONCE,
            Self::TooManyAttempts(_) => ErrorCode::TOO_MANY_ATTEMPTS,
            Self::Unavailable => ErrorCode::UNAVAILABLE,
        }
    }

    /// The status of the answer.
    pub fn status(self) -> StatusCode {
        match self {
            Self::NotAuthenticated
            | Self::InvalidToken
            | Self::Expired
            | Self::InvalidProof(_)
            | Self::UseDpopNonce(_)
            | Self::InsufficientAuthentication(_) => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope(_) | Self::ApiKey | Self::EnrolmentOnly => StatusCode::FORBIDDEN,
            Self::TooManyAttempts(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The `WWW-Authenticate` challenge (RFC 6750, section 3): an error is named only where a token was sent.
    fn challenge(self) -> Option<String> {
        match self {
            Self::NotAuthenticated => Some("Bearer".to_owned()),
            Self::InvalidToken | Self::Expired => {
                Some(format!("Bearer error=\"invalid_token\", error_description=\"{self}\""))
            }
            Self::InsufficientScope(scope) => Some(format!(
                "Bearer error=\"insufficient_scope\", error_description=\"{self}\", scope=\"{scope}\""
            )),
            Self::ApiKey | Self::EnrolmentOnly => {
                Some(format!("Bearer error=\"insufficient_scope\", error_description=\"{self}\""))
            }
            Self::InsufficientAuthentication(asked) => Some(format!(
                "Bearer error=\"insufficient_user_authentication\", error_description=\"{self}\", {}",
                asked.parameters()
            )),
            Self::InvalidProof(_) | Self::UseDpopNonce(_) => {
                Some(format!("DPoP error=\"{}\", error_description=\"{self}\"", self.code()))
            }
            Self::TooManyAttempts(_) | Self::Unavailable => None,
        }
    }
}

impl Refusal {
    /// The body of the answer: FastAPI's `detail`, and the code.
    pub fn body(self) -> Value {
        json!({ "detail": self.to_string(), "code": self.code() })
    }

    /// The answer, for any framework: status, challenge, and [`Self::body`].
    pub fn answer(self) -> Response<String> {
        // Neither text holds anything to escape.
        let body = format!("{{\"detail\":\"{self}\",\"code\":\"{}\"}}", self.code());
        let mut response = Response::new(body);
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.mark(headers);
        response
    }

    /// Whether it is about a DPoP proof.
    #[cfg(any(feature = "axum", feature = "tower"))]
    pub(crate) fn is_about_a_proof(self) -> bool {
        matches!(self, Self::InvalidProof(_) | Self::UseDpopNonce(_))
    }

    /// Puts the challenge, or how long to wait, into an answer's headers.
    pub(crate) fn mark(self, headers: &mut HeaderMap) {
        if let Some(challenge) = self.challenge().and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        let seconds = match self {
            Self::TooManyAttempts(seconds) => seconds,
            Self::Unavailable => 1,
            _ => return,
        };
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
}

#[cfg(feature = "axum")]
impl axum::response::IntoResponse for Refusal {
    fn into_response(self) -> axum::response::Response {
        self.answer().map(axum::body::Body::from)
    }
}
