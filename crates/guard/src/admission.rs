//! Letting a request in: its credential, and the proof that belongs to a bound one.

use http::{Extensions, HeaderMap, Method, Uri};
use keyward_auth::{ApiKey, Authenticated, Scoped};

use crate::bearer::{self, Scheme};
use crate::proofs::{ProofCheck, ProvenRequest};
use crate::{Authenticator, Refusal};

/// What of a request decides whether it gets in.
pub(crate) struct Arriving<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) extensions: &'a Extensions,
}

/// Whose credential a request brings.
///
/// A token that is bound to a key is good with the scheme `DPoP` and a proof only, and any other with `Bearer` only (RFC 9449, section
/// 7.2). Without `proofs` no bound token is.
pub(crate) async fn admit<I: Scoped + Authenticated>(
    authenticator: &dyn Authenticator<I>,
    request: &Arriving<'_>,
    proofs: Option<&ProofCheck>,
) -> Result<I, Refusal> {
    let (scheme, token) = bearer::token(request.headers)?;
    if !authenticator.takes_any_text() && !bearer::is_b64token(token) {
        return Err(Refusal::InvalidToken);
    }
    if scheme == Scheme::Dpop && proofs.is_none() {
        return Err(Refusal::NotAuthenticated);
    }
    // Before it counts as a use of the key.
    if scheme == Scheme::Dpop && ApiKey::looks_like(token) {
        return Err(Refusal::InvalidToken);
    }
    let identity = authenticator.authenticate_request(token, request.extensions).await?;
    let Some(confirmation) = identity.confirmation() else {
        return if scheme == Scheme::Bearer { Ok(identity) } else { Err(Refusal::InvalidToken) };
    };
    let (Scheme::Dpop, Some(key), Some(proofs)) = (scheme, &confirmation.jkt, proofs) else {
        return Err(Refusal::InvalidToken);
    };
    let proven = ProvenRequest { headers: request.headers, method: request.method, path: path(request) };
    proofs.of_token(&proven, token, key, authenticator.now())?;
    Ok(identity)
}

/// The path as the client sees it, as far as the service knows: a router that is nested in another one sees the rest of it only.
#[cfg(feature = "axum")]
fn path<'a>(request: &Arriving<'a>) -> &'a str {
    let original = request.extensions.get::<axum::extract::OriginalUri>();
    original.map_or(request.uri.path(), |axum::extract::OriginalUri(uri)| uri.path())
}

/// The path as the service sees it.
#[cfg(not(feature = "axum"))]
fn path<'a>(request: &Arriving<'a>) -> &'a str {
    request.uri.path()
}
