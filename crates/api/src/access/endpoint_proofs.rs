//! DPoP proofs at the endpoints that take no access token (RFC 9449, section 5).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue};
use keyward_auth::{DpopNonces, DpopProof, MasterSecret, Thumbprint};
use keyward_domain::limits::budgets::network;
use keyward_domain::model::clients::Client;
use keyward_domain::values::clock::Clock;
use keyward_domain::values::origin::Origin;
use keyward_guard::{ProofCheck, ProvenRequest, Refusal};

/// The header that hands out a nonce.
const NONCE: &str = "dpop-nonce";
/// How many proofs one network may use in [`SPAN`], where no secret says which client it is: a fiftieth of what is remembered.
const MOST_OF_A_NETWORK: u32 = 5_000;
/// In seconds.
const SPAN: i64 = 90;

/// Checks the proofs of requests that bring no access token. Those of locks have a memory of their own, so that callers
/// without a bound token cannot fill it.
#[derive(Clone)]
pub struct EndpointProofs(Arc<Checks>);

struct Checks {
    check: ProofCheck,
    nonces: DpopNonces,
    clock: Arc<dyn Clock>,
    networks: Mutex<Networks>,
}

/// How many proofs each network has used since then. It has as many entries at most as proofs are remembered.
#[derive(Default)]
struct Networks {
    begun_at: i64,
    used: HashMap<Option<IpAddr>, u32>,
}

impl EndpointProofs {
    /// Proofs that `check` checks, with nonces that are made under `master`.
    pub(crate) fn new(check: ProofCheck, master: &MasterSecret, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Checks { check, nonces: DpopNonces::new(master), clock, networks: Mutex::default() }))
    }

    /// The proof of a request. It is not used up yet.
    pub(crate) fn check(&self, request: &ProvenRequest<'_>) -> Result<DpopProof, Refusal> {
        self.0.check.unused(request, self.now())
    }

    /// Uses up a proof of `client`, if one authenticated itself.
    pub(crate) fn use_up(
        &self,
        proof: &DpopProof,
        client: Option<&Client>,
        origin: &Origin,
    ) -> Result<Thumbprint, Refusal> {
        let now = self.now();
        if client.is_none_or(Client::is_public) {
            let mut networks = self.0.networks.lock().unwrap_or_else(PoisonError::into_inner);
            networks.count(origin.device.ip.map(network), now)?;
        }
        self.0.check.use_up(proof, now)?;
        Ok(proof.thumbprint().clone())
    }

    /// Puts a nonce for the next proof into an answer's headers (RFC 9449, section 8.2). The answer to any proof has one, so that a client
    /// whose calls are minutes apart at most never holds one that is too old.
    pub(crate) fn hand_out(&self, headers: &mut HeaderMap) {
        if let Ok(nonce) = HeaderValue::from_str(self.0.nonces.issue(self.now()).as_str()) {
            headers.insert(NONCE, nonce);
        }
    }

    fn now(&self) -> i64 {
        self.0.clock.now().unix_timestamp()
    }
}

impl Networks {
    fn count(&mut self, network: Option<IpAddr>, now: i64) -> Result<(), Refusal> {
        if now.saturating_sub(self.begun_at) >= SPAN {
            *self = Self { begun_at: now, used: HashMap::new() };
        }
        let used = self.used.entry(network).or_default();
        if *used >= MOST_OF_A_NETWORK {
            return Err(Refusal::Unavailable);
        }
        *used += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_cannot_fill_the_memory() {
        let mut networks = Networks::default();
        let (one, other) = (Some(IpAddr::from([192, 0, 2, 1])), Some(IpAddr::from([192, 0, 2, 2])));
        for _ in 0..MOST_OF_A_NETWORK {
            assert_eq!(networks.count(one, 1_000), Ok(()));
        }
        assert_eq!(networks.count(one, 1_000), Err(Refusal::Unavailable));
        assert_eq!(networks.count(other, 1_000), Ok(()));
        assert_eq!(networks.count(one, 1_000 + SPAN - 1), Err(Refusal::Unavailable));
        assert_eq!(networks.count(one, 1_000 + SPAN), Ok(()));
    }
}
