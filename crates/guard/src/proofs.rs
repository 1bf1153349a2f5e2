//! Checking the DPoP proof that comes with a bound token (RFC 9449, section 7).

use std::fmt;

use http::{HeaderMap, Method};
use keyward_auth::{
    DpopError, DpopNonces, DpopProof, ProofMemory, ProofTarget, ProofUse, Thumbprint, UnverifiedProof,
};

use crate::resource::origin_and_path;
use crate::{NoResource, Refusal};

/// The header of a proof.
pub(crate) const PROOF: &str = "dpop";

/// Checks proofs for a service, and remembers those that were used: in this process, for 90 s.
///
/// A token that is bound to a key (`cnf`, RFC 9449) opens a lock only with a proof by that key, made for this method, this address
/// and this token. So a service has to know the address that its clients see.
pub struct ProofCheck {
    address: String,
    memory: ProofMemory,
    nonces: Option<DpopNonces>,
}

/// The request that came with a proof.
#[derive(Clone, Copy, Debug)]
pub struct ProvenRequest<'a> {
    /// Its headers, which hold the proof.
    pub headers: &'a HeaderMap,
    /// Its method.
    pub method: &'a Method,
    /// Its path, as the service sees it.
    pub path: &'a str,
}

impl ProofCheck {
    /// A check for the service whose clients reach it at `address`, such as `https://api.example.com`. Where a proxy strips a path, the
    /// address ends with it, as `https://example.com/api` does: the path that the service sees follows it. Without such a proxy the
    /// address has no path, also where a router is nested under one.
    ///
    /// # Errors
    /// [`NoResource`] where the address is not of that form: no proof could be for it.
    pub fn new(address: &str) -> Result<Self, NoResource> {
        let (origin, path) = origin_and_path(address)?;
        let address = format!("{origin}{}", path.trim_end_matches('/'));
        Ok(Self { address, memory: ProofMemory::default(), nonces: None })
    }

    /// The same, where a proof that holds a nonce has to hold one of these.
    #[must_use]
    pub fn with_nonces(self, nonces: DpopNonces) -> Self {
        Self { nonces: Some(nonces), ..self }
    }

    /// Checks the proof of a request with a token that is bound to `key`, at `now` in Unix seconds.
    ///
    /// # Errors
    /// [`Refusal::InvalidProof`]; [`Refusal::UseDpopNonce`] where its nonce is not good; [`Refusal::Unavailable`] where too many proofs
    /// were used lately to remember one more.
    pub fn of_token(
        &self,
        request: &ProvenRequest<'_>,
        token: &str,
        key: &str,
        now: i64,
    ) -> Result<(), Refusal> {
        let proof = self.read(request, Some(token), now)?;
        if proof.thumbprint().as_str() != key {
            return Err(DpopError("is signed with another key than the token's").into());
        }
        self.use_up(&proof, now)
    }

    /// Checks the proof of a request without a token, as at a token endpoint, which has to hold a nonce where there are any. Returns
    /// the key.
    ///
    /// # Errors
    /// As [`of_token`](Self::of_token).
    pub fn of_request(&self, request: &ProvenRequest<'_>, now: i64) -> Result<Thumbprint, Refusal> {
        let proof = self.unused(request, now)?;
        self.use_up(&proof, now)?;
        Ok(proof.thumbprint().clone())
    }

    /// The first half of [`of_request`](Self::of_request): the proof is not used up yet, so that a caller of unknown identity takes no
    /// place in the memory.
    ///
    /// # Errors
    /// [`Refusal::InvalidProof`], and [`Refusal::UseDpopNonce`] where its nonce is not good.
    pub fn unused(&self, request: &ProvenRequest<'_>, now: i64) -> Result<DpopProof, Refusal> {
        self.read(request, None, now)
    }

    /// The second half: the proof is good once.
    ///
    /// # Errors
    /// [`Refusal::InvalidProof`] for one that was used before, and [`Refusal::Unavailable`] as [`of_token`](Self::of_token).
    pub fn use_up(&self, proof: &DpopProof, now: i64) -> Result<(), Refusal> {
        match self.memory.remember(proof, now) {
            ProofUse::First => Ok(()),
            ProofUse::Again => Err(DpopError("was used before").into()),
            ProofUse::Full => Err(Refusal::Unavailable),
        }
    }

    /// The proof of a request, whose signature is checked last: it costs most. Without a token it has to hold a nonce.
    fn read(&self, request: &ProvenRequest<'_>, token: Option<&str>, now: i64) -> Result<DpopProof, Refusal> {
        let mut fields = request.headers.get_all(PROOF).iter();
        let (Some(field), None) = (fields.next(), fields.next()) else {
            return Err(DpopError("is missing, or is there twice").into());
        };
        let text = field.to_str().map_err(|_| DpopError("is malformed"))?;
        let proof = UnverifiedProof::parse(text)?;
        let address = format!("{}{}", self.address, request.path);
        proof.is_for(&ProofTarget { method: request.method.as_str(), address: &address, token }, now)?;
        self.check_nonce(&proof, token.is_none(), now)?;
        Ok(proof.verified()?)
    }

    fn check_nonce(&self, proof: &UnverifiedProof<'_>, required: bool, now: i64) -> Result<(), Refusal> {
        let Some(nonces) = &self.nonces else { return Ok(()) };
        match proof.nonce() {
            Some(nonce) if nonces.accept(nonce, now) => Ok(()),
            None if !required => Ok(()),
            _ => Err(Refusal::UseDpopNonce(nonces.issue(now))),
        }
    }
}

impl From<DpopError> for Refusal {
    fn from(error: DpopError) -> Self {
        Self::InvalidProof(error)
    }
}

impl fmt::Debug for ProofCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofCheck").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_for_which_no_proof_could_be_is_refused() {
        for text in [
            "",
            "x",
            "api.example.com",
            "/api",
            "ftp://x",
            "https://",
            "https://x?y",
            "https://x/#y",
            "https://a@x",
        ] {
            assert!(ProofCheck::new(text).is_err(), "{text}");
        }
    }
}
