//! ID tokens (OpenID Connect Core, section 2): issuing them, and reading one that comes back as a hint. Their `typ` is `JWT`, so no
//! verifier of this crate takes one for an access token, nor an access token for one of them.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::json::strict_object;
use crate::jws::{self, Jws};
use crate::{Algorithm, Authentication, KeyRing, SigningKey, TokenError};

/// The media type of an ID token.
const TYPE: &str = "JWT";

/// What an ID token is to say.
#[derive(Clone, Copy, Debug)]
pub struct IdTokenGrant<'a> {
    /// `iss`: the service's address, as in access tokens.
    pub issuer: &'a str,
    /// `aud` and `azp`: the client that the token is for.
    pub client_id: &'a str,
    /// `sub`: the user's id.
    pub subject: &'a str,
    /// `sid`: the session that the token's access token belongs to.
    pub session: Option<&'a str>,
    /// `nonce`: as the client sent it.
    pub nonce: Option<&'a str>,
    /// `auth_time`, `acr` and `amr`.
    pub authentication: Option<&'a Authentication>,
    /// The access token beside it, of which `at_hash` is made.
    pub access_token: Option<&'a str>,
    /// How long it is valid, in seconds.
    pub ttl_seconds: i64,
}

#[derive(Serialize)]
struct Written<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    azp: &'a str,
    exp: i64,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    amr: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
}

impl IdTokenGrant<'_> {
    /// Signs the token with `key`, valid from `now` (Unix seconds) on.
    ///
    /// # Errors
    ///
    /// [`TokenError::Signing`] where signing fails.
    pub fn sign(&self, key: &SigningKey, now: i64) -> Result<Zeroizing<String>, TokenError> {
        let written = Written {
            iss: self.issuer,
            sub: self.subject,
            aud: self.client_id,
            azp: self.client_id,
            exp: now.saturating_add(self.ttl_seconds),
            iat: now,
            auth_time: self.authentication.map(|authentication| authentication.at),
            nonce: self.nonce,
            acr: self.authentication.map(|authentication| authentication.acr.as_str()),
            amr: self.authentication.map_or(&[], |authentication| &authentication.amr),
            at_hash: self.access_token.map(|token| half_hash(key.algorithm(), token)),
            sid: self.session,
        };
        let payload = serde_json::to_vec(&written).map_err(|_| TokenError::Signing)?;
        jws::sign(TYPE, &payload, key)
    }
}

/// The left half of the token's hash by the hash function of the algorithm (OpenID Connect Core, section 3.1.3.6).
fn half_hash(algorithm: Algorithm, token: &str) -> String {
    let function = match algorithm {
        Algorithm::EdDsa => &digest::SHA512,
        Algorithm::Es256 | Algorithm::Rs256 | Algorithm::Hs256 => &digest::SHA256,
    };
    let hash = digest::digest(function, token.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2])
}

/// An ID token that came back: as `id_token_hint`, which may have expired (OpenID Connect RP-Initiated Logout, section 2).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IdTokenHint {
    iss: String,
    /// The user's id.
    #[serde(rename = "sub")]
    pub subject: String,
    /// The client that it was for.
    #[serde(rename = "azp")]
    pub client_id: String,
    /// The session of its access token.
    #[serde(default, rename = "sid")]
    pub session: Option<String>,
}

impl IdTokenHint {
    /// The id of the key that signed a token, as it says; `None` for what is no ID token of ours by its looks.
    pub fn kid(token: &str) -> Option<String> {
        let header = Jws::parse(token).ok()?.header;
        let is_ours = header.typ.as_deref() == Some(TYPE);
        header.kid.filter(|_| is_ours)
    }

    /// Reads a token that a key of `ring` signed for this issuer, whether or not it has expired; `None` for any other text, an
    /// access token included.
    pub fn read(token: &str, issuer: &str, ring: &KeyRing) -> Option<Self> {
        let jws = Jws::parse(token).ok()?;
        if jws.header.typ.as_deref() != Some(TYPE) {
            return None;
        }
        let key = ring.find(Some(jws.header.kid.as_deref()?))?;
        let hint: Self = strict_object(&jws.verified(key).ok()?)?;
        (hint.iss == issuer).then_some(hint)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://login.example.com";

    fn grant<'a>(authentication: &'a Authentication, nonce: Option<&'a str>) -> IdTokenGrant<'a> {
        IdTokenGrant {
            issuer: ISSUER,
            client_id: "web",
            subject: "7",
            session: Some("s"),
            nonce,
            authentication: Some(authentication),
            access_token: Some("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            ttl_seconds: 900,
        }
    }

    fn authentication() -> Authentication {
        Authentication { at: 50, acr: "aal1".to_owned(), amr: vec!["pwd".to_owned()] }
    }

    fn payload(token: &str) -> Value {
        let part = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn an_id_token_says_who_logged_in_when_how_and_for_whom() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let token = grant(&authentication(), Some("n")).sign(&key, 100).unwrap();
        // The access token and its hash are those of the example in OpenID Connect Core, appendix A.3.
        assert_eq!(
            payload(&token),
            json!({
                "iss": ISSUER, "sub": "7", "aud": "web", "azp": "web", "exp": 1000, "iat": 100, "auth_time": 50,
                "nonce": "n", "acr": "aal1", "amr": ["pwd"], "at_hash": "77QmUPtjPfzWtF2AnpK9RQ", "sid": "s"
            })
        );
        let known = authentication();
        let bare =
            IdTokenGrant { session: None, authentication: None, access_token: None, ..grant(&known, None) };
        let members = payload(&bare.sign(&key, 100).unwrap());
        for absent in ["nonce", "auth_time", "acr", "amr", "at_hash", "sid"] {
            assert!(members.get(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn a_hint_is_an_id_token_of_ours_of_any_age() {
        let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let ring = KeyRing::new(key.clone());
        let token = grant(&authentication(), None).sign(&key, 0).unwrap();
        let hint = IdTokenHint::read(&token, ISSUER, &ring).unwrap();
        assert_eq!(
            (hint.subject.as_str(), hint.client_id.as_str(), hint.session.as_deref()),
            ("7", "web", Some("s"))
        );
        assert_eq!(IdTokenHint::read(&token, "https://other.example", &ring), None);
        let other = KeyRing::new(SigningKey::generate(Algorithm::EdDsa).unwrap());
        assert_eq!(IdTokenHint::read(&token, ISSUER, &other), None);
        let access =
            jws::sign("at+jwt", br#"{"iss":"https://login.example.com","sub":"7","azp":"web"}"#, &key)
                .unwrap();
        assert_eq!(IdTokenHint::read(&access, ISSUER, &ring), None);
        for text in ["", "a.b.c", &token[..token.len() - 1]] {
            assert_eq!(IdTokenHint::read(text, ISSUER, &ring), None, "{text}");
        }
    }
}
