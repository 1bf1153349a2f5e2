//! What the checks have in common: keys that everybody may know, and a clock that stands still.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_auth::{Algorithm, Jwk, KeyRing, MasterSecret, Random, SigningKey, VerifyingKey};

pub(crate) const ISSUER: &str = "https://auth.example.com";
pub(crate) const AUDIENCE: &str = "https://api.example.com";
/// 2026-01-01.
pub(crate) const NOW: i64 = 1_767_225_600;

pub(crate) const SECRET: &[u8; 32] = b"every fuzzer may know this one!!";

/// PKCS#8 (RFC 8410, section 7) around the private key of RFC 8037, appendix A.1.
const ED25519: (&str, &str) =
    ("302e020100300506032b657004220420", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");

/// PKCS#8 (RFC 5958) around the key of RFC 7515, appendix A.3.1.
const P256: (&str, &str) = (
    "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420\
     8e9b109e719098bf980487df1f5d77e9cb29606ebed2263b5f57c213df84f4b2a144034200",
    "047fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445\
     c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad",
);

/// The modulus of RFC 7515, appendix A.2.1; its exponent is 65537.
const RSA: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

pub(crate) fn secret_key() -> SigningKey {
    SigningKey::hs256(SECRET).expect("the secret is long enough")
}

pub(crate) fn ed25519_der() -> Vec<u8> {
    bytes(ED25519)
}

pub(crate) fn ed25519_key() -> SigningKey {
    SigningKey::from_pkcs8_der(Algorithm::EdDsa, &ed25519_der()).expect("RFC 8037's key is one")
}

pub(crate) fn p256_key() -> SigningKey {
    SigningKey::from_pkcs8_der(Algorithm::Es256, &bytes(P256)).expect("RFC 7515's key is one")
}

pub(crate) fn rsa_key() -> VerifyingKey {
    let text = |text: &str| Some(text.to_owned());
    let jwk = Jwk { kty: "RSA".to_owned(), n: text(RSA), e: text("AQAB"), ..Jwk::default() };
    VerifyingKey::from_jwk(&jwk).expect("RFC 7515's key is one")
}

/// A ring with a key of every algorithm.
pub(crate) fn ring() -> KeyRing {
    let others = [ed25519_key().verifying_key(), p256_key().verifying_key(), rsa_key()];
    KeyRing::new(secret_key()).with_previous(others)
}

pub(crate) fn master_secret() -> MasterSecret {
    MasterSecret::from_bytes(SECRET).expect("the secret is long enough")
}

/// The raw HS256 signature, made without the crate under test.
pub(crate) fn hmac(signed: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), signed.as_bytes()).as_ref().to_vec()
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn bytes((head, tail): (&str, &str)) -> Vec<u8> {
    let digits = [head, tail].concat();
    let digits = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    digits.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits")).collect()
}

/// No randomness at all, so that a finding comes back when its input does.
pub(crate) struct Still;

impl Random for Still {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}
