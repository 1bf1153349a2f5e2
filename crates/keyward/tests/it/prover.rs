//! A client that proves with a key of its own who it is (DPoP, RFC 9449).

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::TestApp;
use keyward_api::testing::call::Call;
use keyward_auth::Jwk;
use keyward_domain::values::clock::Clock;
use serde_json::{Value, json};

use crate::relying_party::{CALLBACK, RelyingParty, VERIFIER};

/// Where the tests' clients reach the service.
pub(crate) const SERVER: &str = "http://127.0.0.1:8000";

/// The number of proofs that were made.
static MADE: AtomicU64 = AtomicU64::new(0);

/// A key, and the application that has it.
pub(crate) struct Prover {
    pub(crate) app: TestApp,
    key: EcdsaKeyPair,
}

impl Prover {
    pub(crate) fn new(app: &TestApp) -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        Self { app: app.clone(), key: EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref()).unwrap() }
    }

    fn jwk(&self) -> Value {
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        json!({ "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) })
    }

    pub(crate) fn thumbprint(&self) -> String {
        serde_json::from_value::<Jwk>(self.jwk()).unwrap().thumbprint().unwrap()
    }

    /// The claims of a proof for now.
    pub(crate) fn claims(&self, method: &str, address: &str) -> Value {
        let (now, number) = (self.app.clock.now().unix_timestamp(), MADE.fetch_add(1, Ordering::Relaxed));
        json!({ "jti": format!("proof {number}"), "htm": method, "htu": address, "iat": now })
    }

    /// A proof that says this.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk() });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The claims of a proof for a call with this token.
    pub(crate) fn with_token(&self, method: &str, path: &str, token: &str) -> Value {
        let mut claims = self.claims(method, &format!("{SERVER}{path}"));
        claims["ath"] = json!(URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes())));
        claims
    }

    /// A call with this token and a good proof.
    pub(crate) fn call(&self, method: &str, path: &str, token: &str) -> Call {
        let bare = path.split('?').next().unwrap();
        let proof = self.sign(&self.with_token(method, bare, token));
        let call = self.app.anonymous().call(method, path).header("authorization", format!("DPoP {token}"));
        call.header("dpop", proof)
    }

    /// Sends a call to this path twice: with a proof without a nonce, and with the nonce that the first answer hands out.
    pub(crate) async fn prove(&self, path: &str, call: impl Fn() -> Call) -> Answer {
        let mut claims = self.claims("POST", &format!("{SERVER}{path}"));
        let first = call().header("dpop", self.sign(&claims)).send().await.assert_status(400);
        assert_eq!(first.code(), "use_dpop_nonce", "{}", first.text());
        claims["nonce"] = json!(first.header("dpop-nonce"));
        call().header("dpop", self.sign(&claims)).send().await
    }

    /// Asks the token endpoint as an application, by a proof with the nonce that the first answer hands out.
    pub(crate) async fn ask(&self, rp: &RelyingParty, fields: &[(&str, &str)]) -> Answer {
        self.prove("/oauth/token", || rp.form("/oauth/token", fields)).await
    }

    /// Trades a code for tokens.
    pub(crate) async fn redeem(&self, rp: &RelyingParty, code: &str) -> Answer {
        let usual =
            [("grant_type", "authorization_code"), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
        self.ask(rp, &[&usual[..], &[("code", code)]].concat()).await
    }

    /// Trades a refresh token for the next tokens.
    pub(crate) async fn refresh(&self, rp: &RelyingParty, tokens: &Value) -> Answer {
        let token = tokens["refresh_token"].as_str().unwrap();
        self.ask(rp, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }
}
