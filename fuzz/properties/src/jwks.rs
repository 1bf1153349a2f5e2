//! Key sets that an issuer publishes, read as `keyward-guard` reads them.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_auth::{Algorithm, Jwk, Jwks, KeyError, KeyRing, VerifyingKey};

use crate::Fate;

/// What a published key may say.
const PUBLIC: [&str; 9] = ["kty", "crv", "x", "y", "n", "e", "alg", "use", "kid"];

/// A key that is taken is strong enough, means the same when we publish it, and carries nothing private along.
pub fn check(input: &[u8]) -> Fate {
    let Ok(set) = serde_json::from_slice::<Jwks>(input) else { return Fate::Refused };
    let usable: Vec<Jwk> = set.keys.into_iter().filter(is_usable).collect();
    let kids: Vec<_> = usable.iter().map(|jwk| key(jwk).kid().map(str::to_owned)).collect();
    let unique = kids.iter().collect::<HashSet<_>>().len() == kids.len();
    match KeyRing::from_jwks(&Jwks { keys: usable }) {
        Ok(ring) => {
            assert!(unique && !kids.is_empty());
            assert!(kids.iter().all(|kid| ring.find(kid.as_deref()).is_some()), "each is found by its name");
            let published = ring.jwks();
            let again = KeyRing::from_jwks(&published).expect("what we publish can be read");
            assert_eq!(again.jwks(), published);
            Fate::Accepted
        }
        Err(KeyError::DuplicateKid) => {
            assert!(!unique);
            Fate::Refused
        }
        Err(KeyError::NoUsableKey) => {
            assert!(kids.is_empty());
            Fate::Refused
        }
        Err(error) => panic!("keys that are good one by one: {error}"),
    }
}

fn is_usable(jwk: &Jwk) -> bool {
    let key = match VerifyingKey::from_jwk(jwk) {
        Ok(key) => key,
        Err(KeyError::Foreign(_) | KeyError::Rejected(_)) => return false,
        Err(error) => panic!("a key is foreign, bad or good: {error}"),
    };
    strong(jwk, key.algorithm());
    let published = key.jwk().expect("it is public");
    assert_eq!(published.kid.as_deref(), key.kid());
    assert_eq!(jwk.kid.clone().or_else(|| published.thumbprint()), published.kid);
    assert_eq!(published.thumbprint(), jwk.thumbprint(), "it is still the same key");
    let written = serde_json::to_value(&published).expect("a key can be written");
    let members = written.as_object().expect("it is an object");
    assert!(members.keys().all(|name| PUBLIC.contains(&name.as_str())), "{written}");
    assert_eq!(self::key(&published).jwk(), Some(published));
    true
}

fn key(jwk: &Jwk) -> VerifyingKey {
    VerifyingKey::from_jwk(jwk).expect("it was good just now")
}

/// The algorithm is the one of the key's type, and the key is of the size that type has.
fn strong(jwk: &Jwk, algorithm: Algorithm) {
    let bytes = |member: &Option<String>| {
        URL_SAFE_NO_PAD.decode(member.as_deref().expect("it is there")).expect("it is base64url")
    };
    match (jwk.kty.as_str(), algorithm) {
        ("OKP", Algorithm::EdDsa) => assert_eq!(bytes(&jwk.x).len(), 32),
        ("EC", Algorithm::Es256) => assert_eq!((bytes(&jwk.x).len(), bytes(&jwk.y).len()), (32, 32)),
        ("RSA", Algorithm::Rs256) => {
            let modulus = bytes(&jwk.n);
            let leading = modulus.iter().take_while(|byte| **byte == 0).count();
            assert!((256..=1024).contains(&(modulus.len() - leading)), "of 2048 to 8192 bits");
            assert!(bytes(&jwk.e).last().is_some_and(|last| last % 2 == 1));
        }
        (kty, algorithm) => panic!("{algorithm} with a key of type {kty}"),
    }
}
