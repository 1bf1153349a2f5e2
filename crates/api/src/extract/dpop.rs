//! The key that a client shows at the token endpoint, by a DPoP proof (RFC 9449, section 5).

use axum::extract::{FromRef, FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use keyward_auth::{DpopError, Thumbprint};
use keyward_guard::{Documented, ErrorCode, ProvenRequest, Refusal, Schemas};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Required};

use crate::access::endpoint_proofs::EndpointProofs;
use crate::error::{ApiError, document_error};

/// The header of a proof.
const PROOF: &str = "dpop";
/// The header that hands out a nonce.
const NONCE: &str = "dpop-nonce";

/// The key that the sender of a request shows, if it shows one.
pub struct ShownKey {
    /// The key.
    pub key: Option<Thumbprint>,
    /// For the next proof.
    nonce: Option<HeaderValue>,
}

impl ShownKey {
    /// The same answer, with a nonce for the next proof of a client that shows proofs.
    pub fn answer(self, answer: impl IntoResponse) -> Response {
        with_nonce(answer.into_response(), self.nonce)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ShownKey
where
    EndpointProofs: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        if !parts.headers.contains_key(PROOF) {
            return Ok(Self { key: None, nonce: None });
        }
        let path =
            parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |OriginalUri(uri)| uri.path());
        let request = ProvenRequest { headers: &parts.headers, method: &parts.method, path };
        let (shown, nonce) = EndpointProofs::from_ref(state).check(&request);
        let nonce = HeaderValue::from_str(nonce.as_str()).ok();
        match shown {
            Ok(key) => Ok(Self { key: Some(key), nonce }),
            Err(refusal) => Err(with_nonce(refused(refusal).into_response(), nonce)),
        }
    }
}

fn with_nonce(mut answer: Response, nonce: Option<HeaderValue>) -> Response {
    if let Some(nonce) = nonce {
        answer.headers_mut().insert(NONCE, nonce);
    }
    answer
}

/// A refusal as the token endpoint answers it (RFC 9449, sections 5 and 8).
fn refused(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Unavailable => ApiError::unavailable(),
        Refusal::UseDpopNonce(_) => {
            invalid(ErrorCode::USE_DPOP_NONCE, &refusal.to_string(), "use_dpop_nonce")
        }
        _ => invalid(ErrorCode::INVALID_DPOP_PROOF, &refusal.to_string(), "invalid_dpop_proof"),
    }
}

fn invalid(code: ErrorCode, words: &str, oauth: &'static str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, code, words).with_oauth(oauth)
}

impl Documented for ShownKey {
    fn document(operation: &mut Operation, _: &mut Schemas) {
        let header = ParameterBuilder::new()
            .name("DPoP")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("A proof by the key that tokens shall be bound to (RFC 9449)."))
            .schema(Some(RefOr::T(ObjectBuilder::new().schema_type(Type::String).into())))
            .build();
        operation.parameters.get_or_insert_default().push(RefOr::T(header));
        let proof = invalid(
            ErrorCode::INVALID_DPOP_PROOF,
            &DpopError("is malformed").to_string(),
            "invalid_dpop_proof",
        );
        document_error(
            operation,
            &proof,
            "The DPoP proof is malformed, was used before, or is for another request",
        );
        let words = "The DPoP proof needs the nonce of the header DPoP-Nonce";
        let nonce = invalid(ErrorCode::USE_DPOP_NONCE, words, "use_dpop_nonce");
        document_error(
            operation,
            &nonce,
            "The DPoP proof has no nonce, or one that is not good any more: take that of `DPoP-Nonce`",
        );
    }
}
