//! Proofs of RFC 9449, and what is wrong with others.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaEncoding, RsaKeyPair,
};
use serde_json::json;

use super::*;

/// RFC 9449, section 4.1.
const AT_TOKEN_ENDPOINT: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
/// RFC 9449, section 7.1.
const AT_RESOURCE: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
/// RFC 9449, section 6.1.
const THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

const NOW: i64 = 1_800_000_000;

enum Signer {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl Signer {
    fn ec() -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        Self::Ec(EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref()).unwrap())
    }

    fn jwk(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Ec(key) => {
                let point = key.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]) })
            }
            Self::Ed(key) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(key.public_key().as_ref()) })
            }
            Self::Rsa(key) => {
                let (n, e) = (key.public_key().modulus(), key.public_key().exponent());
                json!({
                    "kty": "RSA",
                    "n": encode(n.big_endian_without_leading_zero()),
                    "e": encode(e.big_endian_without_leading_zero()),
                })
            }
        }
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let rsa = |key: &RsaKeyPair, encoding: &'static dyn RsaEncoding| {
            let mut signature = vec![0; key.public_modulus_len()];
            key.sign(encoding, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
            signature
        };
        let signature = match self {
            Self::Ec(key) => key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Ed(key) => key.sign(signed.as_bytes()).as_ref().to_vec(),
            Self::Rsa(key) if header["alg"] == "PS256" => rsa(key, &RSA_PSS_SHA256),
            Self::Rsa(key) => rsa(key, &RSA_PKCS1_SHA256),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn header(signer: &Signer, alg: &str) -> Value {
    json!({ "typ": "dpop+jwt", "alg": alg, "jwk": signer.jwk() })
}

fn claims() -> Value {
    json!({ "jti": "j", "htm": "GET", "htu": "https://api.example/notes", "iat": NOW })
}

fn target(token: Option<&str>) -> ProofTarget<'_> {
    ProofTarget { method: "GET", address: "https://api.example/notes", token }
}

#[test]
fn the_proofs_of_rfc_9449_are_for_their_requests_alone() {
    let proof = DpopProof::parse(AT_TOKEN_ENDPOINT).unwrap();
    assert_eq!(proof.thumbprint().as_str(), THUMBPRINT);
    let token_endpoint =
        ProofTarget { method: "POST", address: "https://server.example.com/token", token: None };
    assert_eq!(proof.is_for(&token_endpoint, 1_562_262_616), Ok(()));
    assert!(
        proof.is_for(&ProofTarget { token: Some(TOKEN), ..token_endpoint }, 1_562_262_616).is_err(),
        "it has no ath"
    );

    let proof = DpopProof::parse(AT_RESOURCE).unwrap();
    assert_eq!(proof.thumbprint().as_str(), THUMBPRINT);
    let resource = ProofTarget {
        method: "GET",
        address: "https://resource.example.org/protectedresource",
        token: Some(TOKEN),
    };
    assert_eq!(proof.is_for(&resource, 1_562_262_618), Ok(()));
    for (other, words) in [
        (ProofTarget { method: "POST", ..resource }, "is for another method"),
        (ProofTarget { method: "get", ..resource }, "is for another method"),
        (ProofTarget { address: "https://resource.example.org/other", ..resource }, "is for another address"),
        (
            ProofTarget { address: "http://resource.example.org/protectedresource", ..resource },
            "is for another address",
        ),
        (ProofTarget { token: Some("other"), ..resource }, "is for another access token"),
    ] {
        assert_eq!(proof.is_for(&other, 1_562_262_618), Err(DpopError(words)));
    }
}

#[test]
fn a_proof_is_good_for_a_minute_and_from_half_a_minute_ahead() {
    let signer = Signer::ec();
    let proof = DpopProof::parse(&signer.sign(&header(&signer, "ES256"), &claims())).unwrap();
    for (now, good) in [
        (NOW + 60, true),
        (NOW + 61, false),
        (NOW - 30, true),
        (NOW - 31, false),
        (i64::MIN, false),
        (i64::MAX, false),
    ] {
        assert_eq!(proof.is_for(&target(None), now).is_ok(), good, "{now}");
    }
}

#[test]
fn every_announced_algorithm_signs_proofs_and_no_other() {
    let rsa = || Signer::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
    let signers = [Signer::ec(), Signer::Ed(Ed25519KeyPair::generate().unwrap()), rsa(), rsa()];
    for (alg, signer) in DPOP_ALGORITHMS.split(' ').zip(&signers) {
        let proof = DpopProof::parse(&signer.sign(&header(signer, alg), &claims())).unwrap();
        let jwk: Jwk = serde_json::from_value(signer.jwk()).unwrap();
        assert_eq!(Some(proof.thumbprint().as_str()), jwk.thumbprint().as_deref(), "{alg}");
        for other in ["ES256", "EdDSA", "RS256", "PS256", "HS256", "none", "ES384", "PS384", ""] {
            let is_same = other == alg;
            // With RSA the signature goes along with the header.
            let mut forged = header(signer, alg);
            forged["alg"] = json!(other);
            let text = signer.sign(&forged, &claims());
            let rsa = matches!(signer, Signer::Rsa(_)) && (other == "RS256" || other == "PS256");
            assert_eq!(DpopProof::parse(&text).is_ok(), is_same || rsa, "{alg} as {other}");
        }
    }
}

#[test]
fn an_rsa_key_has_2048_to_4096_bits_and_a_short_exponent() {
    let of = |size| Signer::Rsa(RsaKeyPair::generate(size).unwrap());
    for size in [KeySize::Rsa2048, KeySize::Rsa4096] {
        let signer = of(size);
        for alg in ["RS256", "PS256"] {
            let proof = DpopProof::parse(&signer.sign(&header(&signer, alg), &claims()));
            assert!(proof.is_ok(), "{size:?} {alg}");
        }
    }
    let signer = of(KeySize::Rsa2048);
    for (member, bytes, words) in [
        ("n", vec![0xff; 128], "has a key of another kind, or a weak one"),
        ("n", vec![0xff; 1024], "has an RSA key of more than 4,096 bits"),
        ("e", vec![3], "has a key of another kind, or a weak one"),
        ("e", vec![1; 5], "has an RSA key of more than 4,096 bits"),
    ] {
        for alg in ["RS256", "PS256"] {
            let mut header = header(&signer, alg);
            header["jwk"][member] = json!(URL_SAFE_NO_PAD.encode(&bytes));
            assert_eq!(
                DpopProof::parse(&signer.sign(&header, &claims())),
                Err(DpopError(words)),
                "{member} {alg}"
            );
        }
    }
}

#[test]
fn ed25519_is_another_name_of_eddsa_in_the_header_and_in_the_key() {
    let signer = Signer::Ed(Ed25519KeyPair::generate().unwrap());
    for (alg, of_key) in [("EdDSA", "Ed25519"), ("Ed25519", "EdDSA"), ("Ed25519", "Ed25519")] {
        let mut header = header(&signer, alg);
        header["jwk"]["alg"] = json!(of_key);
        assert!(DpopProof::parse(&signer.sign(&header, &claims())).is_ok(), "{alg} {of_key}");
    }
}

#[test]
fn a_key_that_is_not_public_or_names_another_algorithm_is_refused() {
    let signer = Signer::ec();
    for member in PRIVATE {
        let mut header = header(&signer, "ES256");
        header["jwk"][member] = json!("AAAA");
        assert_eq!(
            DpopProof::parse(&signer.sign(&header, &claims())),
            Err(DpopError("holds a private or symmetric key")),
            "{member}"
        );
    }
    for (member, value, good) in [
        ("alg", json!("ES256"), true),
        ("alg", json!("ES384"), false),
        ("use", json!("sig"), true),
        ("kid", json!("mine"), true),
        ("kty", json!("oct"), false),
        ("crv", json!("P-384"), false),
        ("x", json!("AAAA"), false),
    ] {
        let mut header = header(&signer, "ES256");
        header["jwk"][member] = value.clone();
        let proof = DpopProof::parse(&signer.sign(&header, &claims()));
        assert_eq!(proof.is_ok(), good, "{member} {value}");
    }
    // Another key's signature.
    let text = Signer::ec().sign(&header(&signer, "ES256"), &claims());
    assert_eq!(DpopProof::parse(&text), Err(DpopError("is not signed with the key that it holds")));
}

#[test]
fn what_is_no_proof_is_refused() {
    let signer = Signer::ec();
    for (name, value) in [
        ("typ", json!("JWT")),
        ("typ", json!("application/dpop+jwt")),
        ("typ", json!(null)),
        ("crit", json!(["x"])),
        ("b64", json!(false)),
        ("jwk", json!("x")),
        ("jwk", json!({})),
        ("jwk", json!(null)),
        ("alg", json!(null)),
    ] {
        let mut header = header(&signer, "ES256");
        header[name] = value.clone();
        assert!(DpopProof::parse(&signer.sign(&header, &claims())).is_err(), "{name} {value}");
    }
    for (name, value) in [
        ("jti", json!("")),
        ("jti", json!("x".repeat(257))),
        ("jti", json!(1)),
        ("htm", json!(null)),
        ("htu", json!(["x"])),
        ("iat", json!("1")),
        ("iat", json!(1.5)),
        ("ath", json!(null)),
        ("nonce", json!(1)),
    ] {
        let mut claims = claims();
        claims[name] = value.clone();
        assert!(
            DpopProof::parse(&signer.sign(&header(&signer, "ES256"), &claims)).is_err(),
            "{name} {value}"
        );
    }
    for name in ["jti", "htm", "htu", "iat"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert!(
            DpopProof::parse(&signer.sign(&header(&signer, "ES256"), &claims)).is_err(),
            "without {name}"
        );
    }
    for text in ["", "x", "a.b.c", &AT_RESOURCE[1..], &format!("{AT_RESOURCE}A"), &"x".repeat(10_000)] {
        assert!(DpopProof::parse(text).is_err(), "{text:.40}");
    }
}

#[test]
fn a_proof_says_what_it_is_for_before_anything_is_proven() {
    let signer = Signer::ec();
    let mut claims = claims();
    claims["nonce"] = json!("n");
    // By another key than the one it holds.
    let text = Signer::ec().sign(&header(&signer, "ES256"), &claims);
    let proof = UnverifiedProof::parse(&text).unwrap();
    assert_eq!((proof.is_for(&target(None), NOW), proof.nonce()), (Ok(()), Some("n")));
    assert_eq!(proof.is_for(&target(None), NOW + 61), Err(DpopError("is too old")));
    assert!(!format!("{proof:?}").contains("jti"));
    assert_eq!(proof.verified(), Err(DpopError("is not signed with the key that it holds")));
}
