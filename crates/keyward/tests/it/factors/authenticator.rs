//! A software authenticator with one passkey. Every part of what it says can be set, so that it can say anything wrong.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value as Cbor;
use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::TestApp;
use keyward_api::testing::person::Person;
use serde_json::{Value, json};

use crate::app::Starts;
use crate::sessions::holder;

pub(crate) const ORIGIN: &str = "http://localhost:8000";

/// The user was present.
pub(crate) const UP: u8 = 0x01;
/// The user was verified.
pub(crate) const UV: u8 = 0x04;
/// The passkey may be synced.
pub(crate) const BE: u8 = 0x08;
/// The passkey is synced.
pub(crate) const BS: u8 = 0x10;
/// An attested credential is included.
pub(crate) const AT: u8 = 0x40;

/// The private key of a passkey.
pub(crate) enum Key {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

impl Key {
    pub(crate) fn es256() -> Arc<Self> {
        Arc::new(Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()))
    }

    pub(crate) fn eddsa() -> Arc<Self> {
        Arc::new(Self::EdDsa(Ed25519KeyPair::generate().unwrap()))
    }

    pub(crate) fn rs256() -> Arc<Self> {
        Arc::new(Self::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
    }

    fn sign(&self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Es256(key) => key.sign(&SystemRandom::new(), data).unwrap().as_ref().to_vec(),
            Self::EdDsa(key) => key.sign(data).as_ref().to_vec(),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature).unwrap();
                signature
            }
        }
    }

    /// As COSE writes it.
    fn cose(&self) -> Vec<(i64, Cbor)> {
        let bytes = |bytes: &[u8]| Cbor::Bytes(bytes.to_vec());
        match self {
            Self::Es256(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = (bytes(&point[1..33]), bytes(&point[33..]));
                vec![(1, 2.into()), (3, (-7).into()), (-1, 1.into()), (-2, x), (-3, y)]
            }
            Self::EdDsa(key) => {
                let x = bytes(key.public_key().as_ref());
                vec![(1, 1.into()), (3, (-8).into()), (-1, 6.into()), (-2, x)]
            }
            Self::Rs256(key) => {
                let key = key.public_key();
                let (n, e) = (key.modulus(), key.exponent());
                let (n, e) =
                    (bytes(n.big_endian_without_leading_zero()), bytes(e.big_endian_without_leading_zero()));
                vec![(1, 3.into()), (3, (-257).into()), (-1, n), (-2, e)]
            }
        }
    }
}

/// An authenticator, and the browser around it.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) key: Arc<Key>,
    pub(crate) credential: Vec<u8>,
    pub(crate) handle: Option<Vec<u8>>,
    pub(crate) counter: u32,
    pub(crate) flags: u8,
    pub(crate) party: String,
    /// Of the next ceremony, in place of the usual one.
    pub(crate) kind: Option<&'static str>,
    /// Further members of the client data, and in place of the usual ones.
    pub(crate) client_data: Value,
    /// Words in front of the client data's members.
    pub(crate) spoken_first: &'static str,
    /// Members of the key, in place of the usual ones.
    pub(crate) cose: Vec<(i64, Cbor)>,
}

impl Device {
    /// One with a synced passkey that does not count, as phones have them.
    pub(crate) fn new(key: Arc<Key>) -> Self {
        let mut credential = vec![0; 32];
        aws_lc_rs::rand::fill(&mut credential).unwrap();
        Self {
            key,
            credential,
            handle: None,
            counter: 0,
            flags: UP | UV | BE | BS,
            party: "localhost".to_owned(),
            kind: None,
            client_data: json!({}),
            spoken_first: "",
            cose: Vec::new(),
        }
    }

    /// Makes the passkey: what `toJSON()` gives.
    pub(crate) fn create(&mut self, options: &Value) -> Value {
        self.handle = Some(decoded(&options["user"]["id"]));
        let object = cbor(&Cbor::Map(vec![
            ("fmt".into(), "none".into()),
            ("attStmt".into(), Cbor::Map(Vec::new())),
            ("authData".into(), Cbor::Bytes(self.attested())),
        ]));
        self.registration(options, &object)
    }

    /// The same, with this attestation object.
    pub(crate) fn registration(&self, options: &Value, object: &[u8]) -> Value {
        let id = text(&self.credential);
        json!({
            "id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": text(&self.spoken("webauthn.create", options)),
                "attestationObject": text(object),
                "transports": ["internal", "hybrid", "new-one"],
            },
        })
    }

    /// The authenticator data of a registration.
    pub(crate) fn attested(&self) -> Vec<u8> {
        let mut data = self.data(self.flags | AT);
        data.extend_from_slice(&[7; 16]);
        data.extend_from_slice(&u16::try_from(self.credential.len()).unwrap().to_be_bytes());
        data.extend_from_slice(&self.credential);
        let mut key = self.key.cose();
        for (label, value) in &self.cose {
            key.retain(|(other, _)| other != label);
            key.push((*label, value.clone()));
        }
        let key = key.into_iter().map(|(label, value)| (label.into(), value)).collect();
        data.extend_from_slice(&cbor(&Cbor::Map(key)));
        data
    }

    /// Uses the passkey: what `toJSON()` gives.
    pub(crate) fn get(&mut self, options: &Value) -> Value {
        let data = self.data(self.flags);
        let spoken = self.spoken("webauthn.get", options);
        let signed = [&data, digest(&SHA256, &spoken).as_ref()].concat();
        let id = text(&self.credential);
        let mut assertion = json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": text(&spoken),
                "authenticatorData": text(&data),
                "signature": text(&self.key.sign(&signed)),
            },
        });
        if let Some(handle) = &self.handle {
            assertion["response"]["userHandle"] = json!(text(handle));
        }
        assertion
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let party = digest(&SHA256, self.party.as_bytes());
        [party.as_ref(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    fn spoken(&self, usual: &str, options: &Value) -> Vec<u8> {
        let kind = self.kind.unwrap_or(usual);
        let mut spoken = json!({
            "type": kind, "challenge": options["challenge"], "origin": ORIGIN, "crossOrigin": false
        });
        for (name, value) in self.client_data.as_object().unwrap() {
            spoken[name] = value.clone();
        }
        spoken.to_string().replacen('{', &format!("{{{}", self.spoken_first), 1).into_bytes()
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decoded(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()
}

pub(crate) fn cbor(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// A service whose issuer has a host name, with these further flags.
pub(crate) async fn service(flags: &[&str]) -> TestApp {
    TestApp::with_flags(&[&["--issuer", ORIGIN], flags].concat()).await
}

/// The options of a registration.
pub(crate) async fn begin(person: &Person) -> Value {
    person.post("/users/me/passkeys/options", json!({})).await.assert_status(200).json()
}

/// Registers the device's passkey: the answer.
pub(crate) async fn add(person: &Person, device: &mut Device) -> Answer {
    let options = begin(person).await;
    person.post("/users/me/passkeys", device.create(&options)).await
}

/// A user of that name with a passkey, and its device.
pub(crate) async fn with_passkey(app: &TestApp, name: &str) -> (Person, Device) {
    let (person, mut device) = (app.user(name).await, Device::new(Key::es256()));
    add(&person, &mut device).await.assert_status(201);
    (person, device)
}

/// The options of a login.
pub(crate) async fn asked(app: &TestApp) -> Value {
    app.anonymous().post("/login/passkey/options", json!({})).await.assert_status(200).json()
}

/// Logs in with the device.
pub(crate) async fn log_in(app: &TestApp, device: &mut Device) -> Answer {
    let options = asked(app).await;
    app.anonymous().post("/login/passkey", device.get(&options)).await
}

/// A user who logged in with their passkey just now.
pub(crate) async fn back(app: &TestApp, device: &mut Device) -> Person {
    holder(app, &log_in(app, device).await.assert_status(200).json())
}
