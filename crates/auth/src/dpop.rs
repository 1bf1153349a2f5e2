//! Proofs of possession (DPoP, RFC 9449).

mod address;
mod memory;
mod nonce;
mod proof;

pub use self::memory::{ProofMemory, ProofUse};
pub use self::nonce::{DpopNonce, DpopNonces};
pub use self::proof::{DPOP_ALGORITHMS, DpopError, DpopProof, ProofTarget, UnverifiedProof};
