//! The key that a client shows at the token endpoint, by a DPoP proof (RFC 9449, section 5).

use axum::extract::{FromRef, FromRequestParts, OriginalUri};
use axum::http::StatusCode;
use axum::http::request::Parts;
use keyward_auth::{DpopError, DpopProof, Thumbprint};
use keyward_domain::model::clients::Client;
use keyward_domain::values::origin::Origin;
use keyward_guard::{Documented, ErrorCode, ProvenRequest, Refusal, Schemas};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Required};

use crate::access::endpoint_proofs::EndpointProofs;
use crate::boundary::rare::PROOF;
use crate::error::{ApiError, document_error};

/// The key that the sender of a request shows, if it shows one.
pub struct ShownKey(Option<Shown>);

struct Shown {
    proof: DpopProof,
    checks: EndpointProofs,
}

impl ShownKey {
    /// The key. The proof is used up thereby: to be asked once it is known which `client` it is, if it is one.
    pub fn used_by(&self, client: Option<&Client>, origin: &Origin) -> Result<Option<Thumbprint>, ApiError> {
        let Some(Shown { proof, checks }) = &self.0 else { return Ok(None) };
        checks.use_up(proof, client, origin).map(Some).map_err(refused)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ShownKey
where
    EndpointProofs: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if !parts.headers.contains_key(&PROOF) {
            return Ok(Self(None));
        }
        let path =
            parts.extensions.get::<OriginalUri>().map_or(parts.uri.path(), |OriginalUri(uri)| uri.path());
        let request = ProvenRequest { headers: &parts.headers, method: &parts.method, path };
        let checks = EndpointProofs::from_ref(state);
        match checks.check(&request) {
            Ok(proof) => Ok(Self(Some(Shown { proof, checks }))),
            Err(refusal) => Err(refused(refusal)),
        }
    }
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
