//! The WebAuthn port on `passki`, with checks of our own around it: sizes, algorithms and the shape of keys, strict client data,
//! and no certificate of an attestation is ever parsed.

use std::io::Cursor;

use ciborium::Value;
use keyward_domain::model::passkeys::CredentialKey;
use keyward_domain::ports::webauthn::{
    Asserted, Assertion, Attestation, Registered, Unfit, Unsound, Webauthn,
};
use keyward_domain::values::relying_party::RelyingParty;
use passki::{
    AuthenticationCredential, AuthenticationState, Passki, PasskiError, RegistrationCredential,
    RegistrationState, StoredPasskey,
};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::credential_keys::{ALGORITHMS, stand_in, usable};

/// The longest credential id (WebAuthn, section 4).
const MOST_ID: usize = 1023;
/// The longest user handle (WebAuthn, section 4).
const MOST_HANDLE: usize = 64;
const MOST_CLIENT_DATA: usize = 2048;
/// Without certificates an RSA key is the largest part, some 300 bytes.
const MOST_ATTESTATION: usize = 8192;
const MOST_AUTHENTICATOR_DATA: usize = 2048;
const MOST_SIGNATURE: usize = 1024;
/// Characters of a reason in the log.
const MOST_REASON: usize = 160;
/// The authenticator's data begin with a hash of 32 bytes; flags follow.
const FLAGS: usize = 32;
const BACKUP_ELIGIBLE: u8 = 0x08;

/// Checks what authenticators answer to one relying party.
pub struct PasskiWebauthn {
    party: RelyingParty,
    passki: Passki,
}

/// What the browser says of a ceremony (WebAuthn, section 5.8.1). Each of these names may stand there once.
#[derive(Deserialize)]
struct ClientData {
    challenge: String,
    // The library compares these two; here they are read so that a second one is an error.
    #[serde(rename = "type")]
    _kind: IgnoredAny,
    #[serde(rename = "origin")]
    _origin: IgnoredAny,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
    #[serde(rename = "topOrigin", default, deserialize_with = "present")]
    has_top_origin: bool,
}

/// `true` for a member that is there, with any value.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl PasskiWebauthn {
    /// Checks for this relying party.
    pub fn new(party: RelyingParty) -> Self {
        let passki = Passki::new(&party.id, &party.origins, &party.name);
        Self { party, passki }
    }
}

impl Webauthn for PasskiWebauthn {
    fn party(&self) -> &RelyingParty {
        &self.party
    }

    fn algorithms(&self) -> &[i32] {
        &ALGORITHMS
    }

    fn challenge(&self, client_data: &[u8]) -> Option<Vec<u8>> {
        Passki::base64_decode(&read_client_data(client_data).ok()?.challenge).ok()
    }

    fn registered(&self, challenge: &[u8], attestation: &Attestation) -> Result<Registered, Unsound> {
        self.check_registration(challenge, attestation).inspect_err(|reason| log("registration", reason))
    }

    fn asserted(
        &self,
        challenge: &[u8],
        assertion: &Assertion,
        key: &CredentialKey,
    ) -> Result<Asserted, Unsound> {
        self.check_assertion(challenge, assertion, key).inspect_err(|reason| log("assertion", reason))
    }

    fn stand_in(&self) -> CredentialKey {
        stand_in()
    }

    fn note(&self, unfit: Unfit) {
        tracing::info!(reason = unfit.code(), "a passkey was refused");
    }
}

impl PasskiWebauthn {
    fn check_registration(&self, challenge: &[u8], attestation: &Attestation) -> Result<Registered, Unsound> {
        bounded("credential id", &attestation.id, 1, MOST_ID)?;
        not_framed(&attestation.client_data)?;
        let object = without_certificates(&attestation.attestation_object)?;
        let state: RegistrationState = made(json!({
            "challenge": challenge,
            "user": { "id": "", "name": "", "displayName": "" },
            "user_verification": "required",
        }))?;
        let credential: RegistrationCredential = made(json!({
            "rawId": Passki::base64_encode(&attestation.id),
            "response": {
                "clientDataJSON": Passki::base64_encode(&attestation.client_data),
                "attestationObject": Passki::base64_encode(&object),
            },
        }))?;
        let stored = self.passki.finish_passkey_registration(&credential, &state).map_err(|e| unsound(&e))?;
        let key = usable(&stored.public_key, stored.algorithm)?;
        Ok(Registered {
            credential: stored.credential_id,
            key,
            counter: stored.counter,
            backup_eligible: stored.be,
        })
    }

    fn check_assertion(
        &self,
        challenge: &[u8],
        assertion: &Assertion,
        key: &CredentialKey,
    ) -> Result<Asserted, Unsound> {
        bounded("credential id", &assertion.id, 1, MOST_ID)?;
        bounded("signature", &assertion.signature, 1, MOST_SIGNATURE)?;
        bounded("authenticator data", &assertion.authenticator_data, 37, MOST_AUTHENTICATOR_DATA)?;
        if let Some(handle) = &assertion.user_handle {
            bounded("user handle", handle, 1, MOST_HANDLE)?;
        }
        not_framed(&assertion.client_data)?;
        let state: AuthenticationState = made(json!({
            "challenge": challenge,
            "allowed_credentials": [assertion.id],
            "user_verification": "required",
        }))?;
        let credential: AuthenticationCredential = made(json!({
            "rawId": Passki::base64_encode(&assertion.id),
            "response": {
                "clientDataJSON": Passki::base64_encode(&assertion.client_data),
                "authenticatorData": Passki::base64_encode(&assertion.authenticator_data),
                "signature": Passki::base64_encode(&assertion.signature),
            },
        }))?;
        // Any counter passes a stored 0: what it means is the caller's to say.
        let mut stored = StoredPasskey::default();
        stored.credential_id.clone_from(&assertion.id);
        stored.public_key.clone_from(&key.cose);
        stored.algorithm = key.algorithm;
        let result = self.passki.finish_passkey_authentication(&credential, &state, &stored);
        let counter = result.map_err(|error| unsound(&error))?.counter;
        let flags = assertion.authenticator_data.get(FLAGS).copied().unwrap_or_default();
        Ok(Asserted { counter, backup_eligible: flags & BACKUP_ELIGIBLE != 0 })
    }
}

/// Notes why an answer was refused. The reason may quote the browser, so it is cut, and escaped.
fn log(ceremony: &str, Unsound(reason): &Unsound) {
    let reason: String = reason.chars().take(MOST_REASON).collect();
    tracing::info!(ceremony, ?reason, "a passkey was refused");
}

/// A value of the library's, which has no constructor: its fields may grow.
fn made<T: DeserializeOwned>(fields: serde_json::Value) -> Result<T, Unsound> {
    serde_json::from_value(fields).map_err(|error| Unsound(error.to_string()))
}

fn unsound(error: &PasskiError) -> Unsound {
    Unsound(error.to_string())
}

fn bounded(what: &str, bytes: &[u8], least: usize, most: usize) -> Result<(), Unsound> {
    let fits = (least..=most).contains(&bytes.len());
    if fits { Ok(()) } else { Err(Unsound(format!("{what} of {} bytes", bytes.len()))) }
}

fn read_client_data(bytes: &[u8]) -> Result<ClientData, Unsound> {
    bounded("client data", bytes, 2, MOST_CLIENT_DATA)?;
    serde_json::from_slice(bytes).map_err(|error| Unsound(format!("client data: {error}")))
}

/// No page of another origin is around the one that asked: that is how users are tricked into an approval.
fn not_framed(client_data: &[u8]) -> Result<(), Unsound> {
    let ClientData { cross_origin, has_top_origin, .. } = read_client_data(client_data)?;
    if cross_origin || has_top_origin { Err(Unsound("a frame of another origin".to_owned())) } else { Ok(()) }
}

/// The attestation object without a statement that has certificates. Attestation is not asked for, and a certificate that
/// nothing trusts proves nothing; a statement by the passkey's own key stays, and is checked.
fn without_certificates(object: &[u8]) -> Result<Vec<u8>, Unsound> {
    bounded("attestation object", object, 1, MOST_ATTESTATION)?;
    let mut reader = Cursor::new(object);
    let cbor = |error: String| Unsound(format!("attestation object: {error}"));
    // Depth is bounded by the reader, at 256.
    let value: Value = ciborium::from_reader(&mut reader).map_err(|error| cbor(error.to_string()))?;
    if usize::try_from(reader.position()) != Ok(object.len()) {
        return Err(cbor("more follows".to_owned()));
    }
    let member = |name: &str| {
        let members = value.as_map().into_iter().flatten();
        let mut named = members.filter(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value);
        named.next().filter(|_| named.next().is_none()).cloned()
    };
    let (Some(format), Some(data), Some(statement)) = (member("fmt"), member("authData"), member("attStmt"))
    else {
        return Err(cbor("not one of each member".to_owned()));
    };
    let own = format.as_text() == Some("packed")
        && statement.as_map().is_some_and(|map| map.iter().all(|(key, _)| key.as_text() != Some("x5c")));
    let (format, statement) =
        if own { (format, statement) } else { (Value::from("none"), Value::Map(Vec::new())) };
    let object = Value::Map(vec![
        (Value::from("fmt"), format),
        (Value::from("attStmt"), statement),
        (Value::from("authData"), data),
    ]);
    let mut bytes = Vec::new();
    ciborium::into_writer(&object, &mut bytes).map_err(|error| cbor(error.to_string()))?;
    Ok(bytes)
}
