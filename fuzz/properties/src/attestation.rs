//! Answers of authenticators to a registration: client data in the first line, and an attestation object behind it.

use keyward_domain::ports::webauthn::{Attestation, Webauthn};

use crate::Fate;
use crate::ceremony::{CHALLENGE, PARTY, authenticator_data_is_sound, client_data_is_sound, party_hash};

const UP_UV_AT: u8 = 0x45;

/// What is accepted is what the specification asks for, is accepted for its own challenge and credential id alone, and has a key
/// that is small and of an algorithm that was offered.
pub fn check(input: &[u8]) -> Fate {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let (client_data, object) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    // The credential id that the object holds, wherever it stands: behind a hash, flags, counter, model and length.
    let Some(data) = authenticator_data(object) else { return refused(client_data, object) };
    let length = usize::from(u16::from_be_bytes([data[53], data[54]]));
    let Some(id) = data.get(55..55 + length) else { return refused(client_data, object) };
    let attestation = of(id, client_data, object);
    let Ok(registered) = PARTY.registered(&CHALLENGE, &attestation) else { return Fate::Refused };
    assert_eq!(registered.credential, id);
    assert!((1..=1023).contains(&id.len()) && registered.key.cose.len() <= 560);
    assert!(PARTY.algorithms().contains(&registered.key.algorithm));
    assert!(
        client_data_is_sound(client_data, "webauthn.create"),
        "{:?}",
        String::from_utf8_lossy(client_data)
    );
    assert!(authenticator_data_is_sound(data, UP_UV_AT));
    assert_eq!(PARTY.challenge(client_data).as_deref(), Some(&CHALLENGE[..]));
    assert!(PARTY.registered(&[8; 32], &attestation).is_err(), "another challenge");
    assert!(
        PARTY.registered(&CHALLENGE, &of(b"another", client_data, object)).is_err(),
        "another credential"
    );
    assert_eq!(PARTY.registered(&CHALLENGE, &attestation), Ok(registered));
    Fate::Accepted
}

fn of(id: &[u8], client_data: &[u8], object: &[u8]) -> Attestation {
    Attestation {
        id: id.to_vec(),
        client_data: client_data.to_vec(),
        attestation_object: object.to_vec(),
        transports: Vec::new(),
    }
}

/// Reads what has no authenticator data that could be found.
fn refused(client_data: &[u8], object: &[u8]) -> Fate {
    drop(PARTY.registered(&CHALLENGE, &of(b"any", client_data, object)));
    Fate::Refused
}

/// What follows the relying party's hash, with it: enough for a credential of any length.
fn authenticator_data(object: &[u8]) -> Option<&[u8]> {
    let hash = party_hash();
    let at = object.windows(32).position(|window| window == hash)?;
    Some(&object[at..]).filter(|data| data.len() >= 55)
}
