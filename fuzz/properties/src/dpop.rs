//! DPoP proofs, as they stand in a header: from anyone, with a key of their own making.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_auth::{DpopNonces, DpopProof, Jwk, MasterSecret, ProofMemory, ProofTarget, ProofUse};
use serde_json::Value;

use crate::Fate;
use crate::json::Tree;

static NONCES: LazyLock<DpopNonces> =
    LazyLock::new(|| DpopNonces::new(&MasterSecret::from_bytes(&[7; 32]).expect("it is long enough")));

/// What is accepted is of the one type, signed with a public key that it holds, and for the one request that it names, once.
pub fn check(input: &[u8]) -> Fate {
    let Ok(text) = std::str::from_utf8(input) else { return Fate::Refused };
    assert!(!NONCES.accept(text, 0), "a nonce takes our secret");
    let Ok(proof) = DpopProof::parse(text) else { return Fate::Refused };
    let parts: Vec<Vec<u8>> =
        text.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).expect("it is base64url")).collect();
    let [header, payload, _signature] = &parts[..] else { panic!("{} parts", parts.len()) };
    for part in [header, payload] {
        let tree = Tree::read(part).expect("it is JSON");
        assert!(!tree.repeats_a_member());
    }
    let header: Value = serde_json::from_slice(header).expect("it is JSON");
    assert_eq!(header["typ"], "dpop+jwt");
    assert!(["ES256", "EdDSA", "Ed25519", "RS256", "PS256"].iter().any(|alg| header["alg"] == *alg));
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert!(header["jwk"].get(member).is_none(), "{member}");
    }
    let jwk: Jwk = serde_json::from_value(header["jwk"].clone()).expect("it is a key");
    assert_eq!(jwk.thumbprint().as_deref(), Some(proof.thumbprint().as_str()));
    let claims: Value = serde_json::from_slice(payload).expect("it is JSON");
    let text = |name: &str| claims[name].as_str().expect("it is text").to_owned();
    let (method, address) = (text("htm"), text("htu"));
    let now = claims["iat"].as_i64().expect("it is a number");
    let target = ProofTarget { method: &method, address: &address, token: None };
    if proof.is_for(&target, now).is_ok() {
        let other = format!("{method}X");
        assert!(proof.is_for(&ProofTarget { method: &other, ..target }, now).is_err());
        assert!(
            proof.is_for(&ProofTarget { address: "https://elsewhere.example/x/y/z", ..target }, now).is_err()
        );
        assert!(proof.is_for(&ProofTarget { token: Some("no token"), ..target }, now).is_err());
        if let (Some(late), Some(early)) = (now.checked_add(61), now.checked_sub(31)) {
            assert!(proof.is_for(&target, late).is_err() && proof.is_for(&target, early).is_err());
        }
    }
    let memory = ProofMemory::default();
    assert_eq!(memory.remember(&proof, 0), ProofUse::First);
    assert_eq!(memory.remember(&proof, 90), ProofUse::Again);
    Fate::Accepted
}
