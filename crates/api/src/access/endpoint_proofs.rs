//! DPoP proofs at the endpoints that take no access token (RFC 9449, section 5).

use std::sync::Arc;

use keyward_auth::{DpopNonce, DpopNonces, MasterSecret, Thumbprint};
use keyward_domain::values::clock::Clock;
use keyward_guard::{ProofCheck, ProvenRequest, Refusal};

/// Checks the proofs of requests that bring no access token. Those of locks have a memory of their own, so that callers
/// without a bound token cannot fill it.
#[derive(Clone)]
pub struct EndpointProofs(Arc<Checks>);

struct Checks {
    check: ProofCheck,
    nonces: DpopNonces,
    clock: Arc<dyn Clock>,
}

impl EndpointProofs {
    /// Checks for the service at `issuer`, whose nonces are made under `master`.
    pub(crate) fn new(issuer: &str, master: &MasterSecret, clock: Arc<dyn Clock>) -> Self {
        let check = ProofCheck::new(issuer).with_nonces(DpopNonces::new(master));
        Self(Arc::new(Checks { check, nonces: DpopNonces::new(master), clock }))
    }

    /// The key that a request shows by its proof, and a nonce for the next one.
    pub(crate) fn check(&self, request: &ProvenRequest<'_>) -> (Result<Thumbprint, Refusal>, DpopNonce) {
        let Self(checks) = self;
        let now = checks.clock.now().unix_timestamp();
        (checks.check.of_request(request, now), checks.nonces.issue(now))
    }
}
