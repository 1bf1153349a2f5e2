//! A refusal as the answer to one request.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use keyward_auth::DPOP_ALGORITHMS;

use crate::Refusal;
use crate::bearer::{Scheme, scheme};

/// The header that hands out a nonce (RFC 9449, section 8.1).
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Why a request does not get in, with the challenge that fits it: of the scheme that it used, and of `DPoP` where that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The reason.
    pub refusal: Refusal,
    scheme: Scheme,
    dpop: bool,
}

impl Refused {
    /// The refusal of a request with these headers, by a lock that accepts bound tokens if `dpop` says so.
    pub(crate) fn new(refusal: Refusal, headers: &HeaderMap, dpop: bool) -> Self {
        let scheme = if dpop { scheme(headers) } else { Scheme::Bearer };
        Self { refusal, scheme, dpop }
    }

    /// The answer, for any framework: as [`Refusal::answer`], with the challenges.
    pub fn answer(self) -> Response<String> {
        let mut response = self.refusal.answer();
        self.mark(response.headers_mut());
        response
    }

    /// Puts the challenges into an answer's headers, or how long to wait.
    pub(crate) fn mark(self, headers: &mut HeaderMap) {
        self.refusal.mark(headers);
        if let Refusal::UseDpopNonce(nonce) = self.refusal
            && let Ok(nonce) = HeaderValue::from_str(nonce.as_str())
        {
            headers.insert(NONCE, nonce);
        }
        if !self.dpop || !headers.contains_key(WWW_AUTHENTICATE) {
            return;
        }
        let algorithms = format!("DPoP algs=\"{DPOP_ALGORITHMS}\"");
        let of_dpop = || {
            let text = headers.get(WWW_AUTHENTICATE)?.to_str().ok()?;
            let parameters = text.strip_prefix("Bearer ").or(text.strip_prefix("DPoP "))?;
            HeaderValue::try_from(format!("{algorithms}, {parameters}")).ok()
        };
        if self.scheme == Scheme::Dpop || self.refusal.is_about_a_proof() {
            if let Some(challenge) = of_dpop() {
                headers.insert(WWW_AUTHENTICATE, challenge);
            }
        } else if self.refusal.status() == StatusCode::UNAUTHORIZED
            && let Ok(further) = HeaderValue::try_from(algorithms)
        {
            headers.append(WWW_AUTHENTICATE, further);
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, scheme: Scheme::Bearer, dpop: false }
    }
}

#[cfg(feature = "axum")]
impl axum::response::IntoResponse for Refused {
    fn into_response(self) -> axum::response::Response {
        self.answer().map(axum::body::Body::from)
    }
}
