//! What the token tests share: a service with a fixed clock, and a forger who can write any header and payload.

use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_auth::{
    AccessToken, Algorithm, Claims, Grant, IssuerSettings, JwtIssuer, JwtVerifier, KeyRing, ScopeSet,
    SharedKeyRing, SigningKey, SystemRandom, TokenError, TokenIssuer, TokenVerifier, VerifierSettings,
};
use serde_json::{Value, json};

pub(crate) const NOW: i64 = 1_790_000_000;
pub(crate) const ISSUER: &str = "https://auth.example.com";
pub(crate) const AUDIENCE: &str = "https://api.example.com";

/// A service that issues and checks with one ring.
pub(crate) struct Service {
    pub(crate) keys: SharedKeyRing,
    pub(crate) issuer: JwtIssuer,
    pub(crate) verifier: JwtVerifier,
    /// The same with a memory, which knows a genuine token before anything is tried.
    pub(crate) remembering: JwtVerifier,
}

impl Service {
    pub(crate) fn with(ring: KeyRing) -> Self {
        let keys = SharedKeyRing::new(ring);
        let settings =
            IssuerSettings { issuer: ISSUER.to_owned(), audience: AUDIENCE.to_owned(), ttl_seconds: 900 };
        let verifier = || JwtVerifier::new(VerifierSettings::new(ISSUER, AUDIENCE), keys.clone());
        let service = Self {
            issuer: JwtIssuer::new(settings, keys.clone(), Arc::new(SystemRandom)),
            verifier: verifier(),
            remembering: verifier().remembering(1024),
            keys,
        };
        if service.keys.load().current().is_some() {
            service.issue();
        }
        service
    }

    pub(crate) fn new(algorithm: Algorithm) -> Self {
        Self::with(KeyRing::new(key(algorithm)))
    }

    /// A token, which the verifier with a memory has seen, where it is good.
    pub(crate) fn issue(&self) -> AccessToken {
        let token = self.issuer.issue(&grant(), NOW).unwrap();
        drop(self.remembering.verify(token.as_str(), NOW));
        token
    }

    pub(crate) fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        self.verify_at(token, NOW)
    }

    /// What the verifier says: the same without a memory, with one, and with one that was asked before.
    #[track_caller]
    pub(crate) fn verify_at(&self, token: &str, now: i64) -> Result<Claims, TokenError> {
        let said = self.verifier.verify(token, now);
        for _ in 0..2 {
            assert_eq!(self.remembering.verify(token, now), said, "the memory changes what is said");
        }
        said
    }

    pub(crate) fn kid(&self) -> String {
        self.keys.load().current().unwrap().kid().unwrap().to_owned()
    }

    /// A token of any header and payload, signed with the service's own Ed25519 key: only the content can be wrong.
    pub(crate) fn sign(&self, header: &str, payload: &str) -> String {
        let pkcs8 = self.keys.load().current().unwrap().to_pkcs8_der().unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap();
        let signed = format!("{}.{}", encode(header), encode(payload));
        let signature = pair.sign(signed.as_bytes());
        format!("{signed}.{}", encode(signature))
    }

    pub(crate) fn sign_header(&self, header: &Value) -> String {
        self.sign(&header.to_string(), &claims().to_string())
    }

    pub(crate) fn sign_claims(&self, claims: &Value) -> String {
        self.sign(&self.header().to_string(), &claims.to_string())
    }

    pub(crate) fn header(&self) -> Value {
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": self.kid()})
    }
}

pub(crate) fn key(algorithm: Algorithm) -> SigningKey {
    match algorithm {
        Algorithm::Hs256 => SigningKey::hs256(b"a secret of thirty-two bytes or more").unwrap(),
        asymmetric => SigningKey::generate(asymmetric).unwrap(),
    }
}

pub(crate) fn grant() -> Grant {
    Grant {
        key: None,
        subject: "42".to_owned(),
        session: Some("0198c1a2-0000-7000-8000-000000000000".to_owned()),
        client_id: Some("web".to_owned()),
        scope: ScopeSet::parse("posts:read posts:write").unwrap(),
        audience: Vec::new(),
        userinfo: false,
        authentication: None,
    }
}

/// Claims that are in order.
pub(crate) fn claims() -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "42", "jti": "j", "iat": NOW, "nbf": NOW, "exp": NOW + 900})
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

pub(crate) fn hs256(header: &Value, payload: &Value, secret: &[u8]) -> String {
    let signed = format!("{}.{}", encode(header.to_string()), encode(payload.to_string()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
    format!("{signed}.{}", encode(tag))
}

/// Asserts that the token is refused as invalid, for any reason.
#[track_caller]
pub(crate) fn assert_invalid(result: &Result<Claims, TokenError>, what: &str) {
    assert!(matches!(result, Err(TokenError::Invalid(_) | TokenError::UnknownKey)), "{what}: {result:?}");
}
