//! The public keys of passkeys, as COSE writes them (RFC 9053): what is stored can verify, and holds nothing else.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use ciborium::Value;
use keyward_domain::model::passkeys::CredentialKey;
use keyward_domain::ports::webauthn::Unsound;

const ES256: i32 = -7;
const EDDSA: i32 = -8;
const RS256: i32 = -257;
/// What new passkeys may be. RS256 is what Windows Hello makes on older machines.
pub(super) const ALGORITHMS: [i32; 3] = [EDDSA, ES256, RS256];

/// Labels of a key's members: its type, its algorithm, and the parameters.
const KTY: i64 = 1;
const ALG: i64 = 3;
const PARAMETERS: [i64; 3] = [-1, -2, -3];

/// A sound ES256 key: the base point of its curve. No passkey is checked with it.
pub(super) fn stand_in() -> CredentialKey {
    const X: [u8; 32] = [
        0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77,
        0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
    ];
    const Y: [u8; 32] = [
        0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b,
        0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
    ];
    let cose = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..], &X, &[0x22, 0x58, 32], &Y].concat();
    CredentialKey { cose, algorithm: ES256 }
}

/// The key with its type, algorithm and parameters alone. A key that could verify nothing is refused.
pub(super) fn usable(cose: &[u8], algorithm: i32) -> Result<CredentialKey, Unsound> {
    let value: Value = ciborium::from_reader(cose).map_err(|_| Unsound("key: no CBOR".to_owned()))?;
    let member = |label: i64| {
        let mut members = value.as_map().into_iter().flatten();
        members.find(|(key, _)| key.as_integer() == Some(label.into())).map(|(_, value)| value)
    };
    let number = |label| member(label).and_then(Value::as_integer).and_then(|n| i64::try_from(n).ok());
    let bytes = |label| member(label).and_then(Value::as_bytes).map_or(&[][..], Vec::as_slice);
    let (kinds, used, sound) = match algorithm {
        ES256 => {
            let (x, y) = (bytes(-2), bytes(-3));
            let fits = (x.len(), y.len()) == (32, 32);
            let point = [&[4][..], x, y].concat();
            let parsed = fits && ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).is_ok();
            ((number(KTY), number(-1)) == (Some(2), Some(1)), 3, parsed)
        }
        EDDSA => {
            let parsed = bytes(-2).len() == 32 && ParsedPublicKey::new(&ED25519, bytes(-2)).is_ok();
            ((number(KTY), number(-1)) == (Some(1), Some(6)), 2, parsed)
        }
        RS256 => {
            let (n, e) = (bytes(-1), bytes(-2));
            let fits = (256..=512).contains(&n.len()) && (1..=4).contains(&e.len());
            let key = RsaPublicKeyComponents { n, e };
            let parsed = fits && key.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).is_ok();
            (number(KTY) == Some(3), 2, parsed)
        }
        _ => (false, 0, false),
    };
    if !(kinds && sound) {
        return Err(Unsound(format!("a key of algorithm {algorithm} that verifies nothing")));
    }
    let labels = [KTY, ALG].into_iter().chain(PARAMETERS.into_iter().take(used));
    let kept = labels.filter_map(|label| member(label).map(|value| (label.into(), value.clone())));
    let mut cose = Vec::new();
    let written = ciborium::into_writer(&Value::Map(kept.collect()), &mut cose);
    written.map_err(|error| Unsound(format!("key: {error}")))?;
    Ok(CredentialKey { cose, algorithm })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stand_in_is_a_key_such_as_passkeys_have() {
        let key = stand_in();
        assert_eq!(usable(&key.cose, key.algorithm), Ok(key));
    }
}
