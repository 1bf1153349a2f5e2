//! Answers of authenticators to a request for a passkey: client data in the first line; behind it a byte, the authenticator data,
//! and, where that byte is the length of those data, a signature. Where the byte is 0, the signature is right.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use keyward_domain::model::passkeys::CredentialKey;
use keyward_domain::ports::webauthn::{Assertion, Webauthn};

use crate::Fate;
use crate::ceremony::{CHALLENGE, PARTY, authenticator_data_is_sound, client_data_is_sound};
use crate::fixtures;

const UP_UV: u8 = 0x05;

static PRIVATE: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_pkcs8_maybe_unchecked(&fixtures::ed25519_der()).expect("a key"));

/// The public key in COSE: a map of kty OKP, alg EdDSA, crv Ed25519 and x.
fn key() -> CredentialKey {
    let head = [0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20];
    CredentialKey { cose: [&head, PRIVATE.public_key().as_ref()].concat(), algorithm: -8 }
}

/// What is accepted is what the specification asks for; it is accepted for its own challenge and key alone, and not with a
/// byte of it changed.
pub fn check(input: &[u8]) -> Fate {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let (client_data, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Some((length, rest)) = rest.split_first() else { return Fate::Refused };
    let (data, signature) = match length {
        0 => {
            let signed = [rest, digest(&SHA256, client_data).as_ref()].concat();
            (rest, PRIVATE.sign(&signed).as_ref().to_vec())
        }
        length => {
            let Some((data, signature)) = rest.split_at_checked((*length).into()) else {
                return Fate::Refused;
            };
            (data, signature.to_vec())
        }
    };
    let assertion = Assertion {
        id: vec![7; 32],
        client_data: client_data.to_vec(),
        authenticator_data: data.to_vec(),
        signature,
        user_handle: None,
    };
    let Ok(asserted) = PARTY.asserted(&CHALLENGE, &assertion, &key()) else { return Fate::Refused };
    assert!(client_data_is_sound(client_data, "webauthn.get"), "{:?}", String::from_utf8_lossy(client_data));
    assert!(authenticator_data_is_sound(data, UP_UV));
    assert_eq!(asserted.counter.to_be_bytes(), data[33..37]);
    assert_eq!(asserted.backup_eligible, data[32] & 0x08 != 0);
    assert!(PARTY.asserted(&[8; 32], &assertion, &key()).is_err(), "another challenge");
    let other = CredentialKey { algorithm: -7, ..key() };
    assert!(PARTY.asserted(&CHALLENGE, &assertion, &other).is_err(), "another algorithm");
    for at in [0, 33, 36] {
        let mut changed = assertion.clone();
        changed.authenticator_data[at] ^= 1;
        assert!(PARTY.asserted(&CHALLENGE, &changed, &key()).is_err(), "byte {at} was not signed");
    }
    Fate::Accepted
}
