//! Access tokens: whole ones, and headers and payloads signed with our key by another program.
//!
//! An input with a line break is a header and a payload, and is signed here; any other is a token as it arrives.

use std::sync::LazyLock;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, Ed25519KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_auth::{
    Claims, JwtVerifier, MAX_TOKEN_BYTES, SharedKeyRing, TokenError, TokenProfile, TokenVerifier,
    VerifierSettings,
};
use serde_json::Value;

use crate::Fate;
use crate::fixtures::{self, AUDIENCE, ISSUER, NOW, base64url, hmac};
use crate::json::Tree;

/// What both profiles are tried with.
static VERIFIERS: LazyLock<[JwtVerifier; 2]> = LazyLock::new(|| {
    let keys = SharedKeyRing::new(fixtures::ring());
    [TokenProfile::rfc9068(), TokenProfile::oidc()].map(|profile| {
        let settings = VerifierSettings { profile, ..VerifierSettings::new(ISSUER, AUDIENCE) };
        JwtVerifier::new(settings, keys.clone())
    })
});

/// Nothing is accepted but what one of our keys signed, in one spelling, of that key's algorithm, for us and for now; and what
/// it is taken to say is what it says.
pub fn check(input: &[u8]) -> Fate {
    let token = match input.iter().position(|byte| *byte == b'\n') {
        Some(end) => signed(&input[..end], &input[end + 1..]),
        None => match std::str::from_utf8(input) {
            Ok(text) => text.to_owned(),
            Err(_) => return Fate::Refused,
        },
    };
    let [ours, oidc] = &*VERIFIERS;
    let fate = judge(ours, &token, false);
    if judge(oidc, &token, true) == Fate::Refused {
        // Every valid token of ours is one of OpenID Connect, unless it is marked as something else.
        assert!(fate == Fate::Refused || is_of_another_kind(&token), "accepted as ours alone: {token}");
    }
    fate
}

/// What the holder of our secret could send.
fn signed(header: &[u8], payload: &[u8]) -> String {
    let signed = format!("{}.{}", base64url(header), base64url(payload));
    let signature = base64url(&hmac(&signed));
    format!("{signed}.{signature}")
}

fn judge(verifier: &JwtVerifier, token: &str, oidc: bool) -> Fate {
    let verdict = verifier.verify(token, NOW);
    assert_eq!(verdict, verifier.verify(token, NOW), "the same token, judged twice");
    match verdict {
        Ok(claims) => {
            genuine(token, &claims, oidc);
            Fate::Accepted
        }
        Err(TokenError::Signing) => panic!("nobody asked for a signature"),
        Err(_) => Fate::Refused,
    }
}

/// Everything that must be true of an accepted token.
fn genuine(token: &str, claims: &Claims, oidc: bool) {
    assert!(token.len() <= MAX_TOKEN_BYTES);
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("it has {} parts", parts.len()) };
    let [header_bytes, payload_bytes, signature_bytes] = [header, payload, signature].map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).expect("every part is base64url");
        assert_eq!(base64url(&bytes), part, "each part has one spelling");
        bytes
    });
    for part in [&header_bytes, &payload_bytes] {
        let tree = Tree::read(part).expect("both are JSON");
        assert!(matches!(tree, Tree::Object(_)) && !tree.repeats_a_member(), "{tree:?}");
    }
    let header_value: Value = serde_json::from_slice(&header_bytes).expect("it was JSON just now");
    let payload_value: Value = serde_json::from_slice(&payload_bytes).expect("it was JSON just now");

    honest_header(&header_value, oidc);
    let algorithm = header_value["alg"].as_str().expect("there is an algorithm");
    really_signed(algorithm, &format!("{header}.{payload}"), &signature_bytes);
    as_written(&payload_value, claims, oidc);
    if !oidc {
        read_again(claims);
    }
}

fn honest_header(header: &Value, oidc: bool) {
    for extension in ["crit", "b64", "enc", "zip"] {
        assert!(header.get(extension).is_none(), "{extension} is not understood here");
    }
    let typ = header.get("typ").map(|typ| typ.as_str().expect("it is text").to_ascii_lowercase());
    let good = match typ.as_deref() {
        Some("at+jwt" | "application/at+jwt") => true,
        None | Some("jwt" | "application/jwt") => oidc,
        Some(_) => false,
    };
    assert!(good, "typ is {typ:?}");
}

/// Checks the signature without the crate under test.
fn really_signed(algorithm: &str, signed: &str, signature: &[u8]) {
    let good = match algorithm {
        "HS256" => hmac(signed) == signature,
        "EdDSA" | "Ed25519" => {
            let pair = Ed25519KeyPair::from_pkcs8(&fixtures::ed25519_der()).expect("it is a key");
            pair.sign(signed.as_bytes()).as_ref() == signature
        }
        "ES256" => {
            let jwk = fixtures::p256_key().verifying_key().jwk().expect("it is public");
            let [x, y] = [jwk.x, jwk.y].map(|member| {
                URL_SAFE_NO_PAD.decode(member.expect("a point has two coordinates")).expect("in base64url")
            });
            let point = [&[4][..], &x, &y].concat();
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
            key.verify(signed.as_bytes(), signature).is_ok()
        }
        other => panic!("accepted under {other}, for which there is no private key"),
    };
    assert!(good, "{algorithm} was forged");
}

/// What the claims are said to be is what the payload says, and fit for here and now.
fn as_written(payload: &Value, claims: &Claims, oidc: bool) {
    assert_eq!((payload["iss"].as_str(), claims.iss.as_str()), (Some(ISSUER), ISSUER));
    match &payload["aud"] {
        Value::String(one) => assert_eq!(claims.aud, [one.as_str()]),
        Value::Array(many) => assert!(many.iter().eq(&claims.aud)),
        other => panic!("aud is {other}"),
    }
    assert!(claims.aud.iter().any(|audience| audience == AUDIENCE));
    assert!(!claims.sub.is_empty() && payload["sub"].as_str() == Some(&claims.sub));
    match payload.get("jti") {
        Some(id) => assert_eq!(id.as_str(), Some(claims.jti.as_str())),
        None => assert!(oidc && claims.jti.is_empty()),
    }
    assert!(oidc || !claims.jti.is_empty());
    assert_eq!(payload.get("sid").map(Value::as_str), claims.sid.as_deref().map(Some));
    assert_eq!(payload.get("client_id").map(Value::as_str), claims.client_id.as_deref().map(Some));
    assert_eq!((payload["iat"].as_i64(), payload["exp"].as_i64()), (Some(claims.iat), Some(claims.exp)));
    assert_eq!(payload.get("nbf").map(Value::as_i64), claims.nbf.map(Some));
    assert!(claims.exp > NOW - 5 && claims.iat <= NOW + 60 && claims.nbf.is_none_or(|from| from <= NOW + 5));

    let mut granted: Vec<&str> = match payload.get("scope") {
        None => Vec::new(),
        Some(Value::Array(names)) if oidc => names.iter().filter_map(Value::as_str).collect(),
        Some(scope) => {
            let text = scope.as_str().expect("it is text");
            text.split(' ').filter(|name| !name.is_empty()).collect()
        }
    };
    granted.sort_unstable();
    granted.dedup();
    assert_eq!(claims.scope.iter().collect::<Vec<_>>(), granted, "no more, no less");
}

/// Claims that were accepted are accepted again, and alike, when we write them.
fn read_again(claims: &Claims) {
    let payload = serde_json::to_vec(claims).expect("claims can be written");
    let token = signed(br#"{"alg":"HS256","typ":"at+jwt"}"#, &payload);
    if token.len() <= MAX_TOKEN_BYTES {
        assert_eq!(VERIFIERS[0].verify(&token, NOW).as_ref(), Ok(claims));
    }
}

/// Whether the payload has a member that only tokens of other kinds have.
fn is_of_another_kind(token: &str) -> bool {
    let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let payload: Option<Value> = payload.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    payload
        .is_some_and(|claims| ["at_hash", "c_hash", "events"].iter().any(|name| claims.get(name).is_some()))
}
