//! A forger who knows the service's own key: only the content of what it signs can be wrong.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_api::testing::app::TestApp;
use keyward_api::testing::person::Person;
use serde_json::{Value, json};

pub(crate) struct Forge {
    app: TestApp,
    pair: Ed25519KeyPair,
    kid: String,
    claims: Value,
}

impl Forge {
    /// A forger who has seen a token of `person`.
    pub(crate) fn new(person: &Person) -> Self {
        let ring = person.app.keys.load();
        let key = ring.current().unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(&key.to_pkcs8_der().unwrap()).unwrap();
        let kid = key.kid().unwrap().to_owned();
        Self { app: person.app.clone(), pair, kid, claims: claims_of(person.token()) }
    }

    /// A header that is in order.
    pub(crate) fn header(&self) -> Value {
        json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": self.kid })
    }

    /// The header with one member more, or another.
    pub(crate) fn header_with(&self, name: &str, value: Value) -> Value {
        let mut header = self.header();
        header[name] = value;
        header
    }

    /// Claims that are in order.
    pub(crate) fn claims(&self) -> Value {
        self.claims.clone()
    }

    /// The claims with one more, or another.
    pub(crate) fn claims_with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims();
        claims[name] = value;
        claims
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    pub(crate) fn sign_text(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = self.pair.sign(signed.as_bytes());
        format!("{signed}.{}", encode(signature))
    }

    /// That the service lets the token in.
    pub(crate) async fn assert_good(&self, token: &str) {
        self.app.bearer(token).get("/users/me").await.assert_status(200);
    }

    /// That the service does not let the token in, and says no more than that.
    pub(crate) async fn assert_bad(&self, token: &str, what: &str) {
        self.app.bearer(token).get("/users/me").await.assert_invalid_token(what);
    }

    /// That a token with this header, otherwise in order, is not let in.
    pub(crate) async fn assert_bad_header(&self, header: &Value) {
        self.assert_bad(&self.sign(header, &self.claims()), &format!("{header:.80}")).await;
    }

    /// That a token with these claims, otherwise in order, is not let in.
    pub(crate) async fn assert_bad_claims(&self, claims: &Value) {
        self.assert_bad(&self.sign(&self.header(), claims), &format!("{claims:.300}")).await;
    }
}

/// What a token says.
pub(crate) fn claims_of(token: &str) -> Value {
    serde_json::from_slice(&decode(token.split('.').nth(1).unwrap())).unwrap()
}

/// What a token says of itself.
pub(crate) fn header_of(token: &str) -> Value {
    serde_json::from_slice(&decode(token.split('.').next().unwrap())).unwrap()
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

pub(crate) fn hs256(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
    format!("{signed}.{}", encode(tag))
}
