//! What the checks of passkeys have in common: a relying party, a challenge, and the rules of WebAuthn level 3, section 7, read
//! a second time.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use keyward_domain::values::relying_party::RelyingParty;
use keyward_infra::factors::webauthn::PasskiWebauthn;
use serde_json::Value;

use crate::fixtures::base64url;

pub(crate) const CHALLENGE: [u8; 32] = [7; 32];
const ORIGIN: &str = "https://auth.example.com";
const ID: &str = "auth.example.com";

pub(crate) static PARTY: LazyLock<PasskiWebauthn> = LazyLock::new(|| {
    let text = str::to_owned;
    PasskiWebauthn::new(RelyingParty { id: text(ID), name: text("Example"), origins: vec![text(ORIGIN)] })
});

pub(crate) fn party_hash() -> Vec<u8> {
    digest(&SHA256, ID.as_bytes()).as_ref().to_vec()
}

/// Steps 7 to 11 of a registration, or 10 to 14 of an assertion.
pub(crate) fn client_data_is_sound(client_data: &[u8], kind: &str) -> bool {
    let Ok(said) = serde_json::from_slice::<Value>(client_data) else { return false };
    said["type"] == kind
        && said["challenge"] == base64url(&CHALLENGE)
        && said["origin"] == ORIGIN
        && said.get("crossOrigin").is_none_or(|framed| *framed == Value::Bool(false))
        && said.get("topOrigin").is_none()
}

/// The relying party's hash, the flags that have to be set, and no backup of what cannot be backed up.
pub(crate) fn authenticator_data_is_sound(data: &[u8], flags: u8) -> bool {
    let set = data[32];
    data[..32] == *party_hash() && set & flags == flags && (set & 0x10 == 0 || set & 0x08 != 0)
}
