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
