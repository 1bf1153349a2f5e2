//! Public keys as JSON (RFC 7517, RFC 8037) and their thumbprints (RFC 7638). There is no member for private material, so
//! none can be published. What a key verifies lives in `keys.rs`.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// One public key. Members that do not belong to its type are `None`, unknown ones are ignored when reading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// The type of key: `OKP`, `EC` or `RSA`.
    pub kty: String,
    /// The curve: `Ed25519` or `P-256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// The public key (OKP) or the point's x coordinate (EC), base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The point's y coordinate (EC), base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The modulus (RSA), base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// The exponent (RSA), base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// The one algorithm the key is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// What the key is for: `sig`.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub use_: Option<String>,
    /// What the key may be used for, in some publishers' sets; never written by us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_ops: Option<Vec<String>>,
    /// The key's name; ours are thumbprints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
}

/// A set of public keys, as published at `/.well-known/jwks.json`. Members that cannot be read as a key are left out when
/// reading, for it must not take the others along (RFC 7517 section 5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwks {
    /// The keys, the one in use first.
    #[serde(deserialize_with = "readable")]
    pub keys: Vec<Jwk>,
}

fn readable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Jwk>, D::Error> {
    let keys = Vec::<Value>::deserialize(deserializer)?;
    Ok(keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
}

impl Jwk {
    pub(crate) fn okp(x: &[u8]) -> Self {
        Self { kty: "OKP".to_owned(), crv: Some("Ed25519".to_owned()), x: Some(encode(x)), ..Self::default() }
    }

    pub(crate) fn ec(x: &[u8], y: &[u8]) -> Self {
        Self {
            kty: "EC".to_owned(),
            crv: Some("P-256".to_owned()),
            x: Some(encode(x)),
            y: Some(encode(y)),
            ..Self::default()
        }
    }

    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Self {
        Self { kty: "RSA".to_owned(), n: Some(encode(n)), e: Some(encode(e)), ..Self::default() }
    }

    /// The SHA-256 thumbprint (RFC 7638; RFC 8037 section 2 for OKP), base64url: 43 characters that depend on nothing but the
    /// key itself. `None` where a member that the type requires is absent or not base64url.
    pub fn thumbprint(&self) -> Option<String> {
        let plain = |member: &Option<String>| {
            // Of these characters none needs escaping, so that what follows is the canonical JSON.
            member.as_deref().filter(|text| URL_SAFE_NO_PAD.decode(text).is_ok()).map(str::to_owned)
        };
        let crv = self
            .crv
            .as_deref()
            .filter(|crv| crv.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
        let canonical = match self.kty.as_str() {
            "OKP" => format!(r#"{{"crv":"{}","kty":"OKP","x":"{}"}}"#, crv?, plain(&self.x)?),
            "EC" => format!(
                r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
                crv?,
                plain(&self.x)?,
                plain(&self.y)?
            ),
            "RSA" => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, plain(&self.e)?, plain(&self.n)?),
            _ => return None,
        };
        Some(encode(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref()))
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprints_are_those_of_rfc_7638_and_rfc_8037() {
        let vectors: Vec<Value> =
            serde_json::from_str(include_str!("../tests/vectors/rfc/jwk_thumbprints.json")).unwrap();
        assert_eq!(vectors.len(), 2);
        for vector in vectors {
            let jwk: Jwk = serde_json::from_value(vector["jwk"].clone()).unwrap();
            assert_eq!(
                jwk.thumbprint().as_deref(),
                vector["sha256_thumbprint"].as_str(),
                "{}",
                vector["source"]
            );
        }
    }

    #[test]
    fn a_thumbprint_needs_every_member_of_its_type() {
        let jwk = Jwk::ec(&[1; 32], &[2; 32]);
        assert_eq!(jwk.thumbprint().map(|text| text.len()), Some(43));
        assert_eq!(Jwk { y: None, ..jwk.clone() }.thumbprint(), None);
        assert_eq!(Jwk { x: Some("\",\"".to_owned()), ..jwk.clone() }.thumbprint(), None);
        assert_eq!(Jwk { crv: Some("P\"".to_owned()), ..jwk.clone() }.thumbprint(), None);
        assert_eq!(Jwk { kty: "oct".to_owned(), ..jwk }.thumbprint(), None);
    }

    #[test]
    fn what_is_no_key_does_not_take_the_others_along() {
        let set: Jwks =
            serde_json::from_str(r#"{"keys":[7,{"kty":1},{"kty":"a"},{"kid":"b"},null]}"#).unwrap();
        assert_eq!(set.keys, [Jwk { kty: "a".to_owned(), ..Jwk::default() }]);
        for wrong in ["[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
            assert!(serde_json::from_str::<Jwks>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn private_members_cannot_pass_through() {
        let text = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#;
        let jwk: Jwk = serde_json::from_str(text).unwrap();
        assert!(!serde_json::to_string(&jwk).unwrap().contains("nWGx"));
    }
}
