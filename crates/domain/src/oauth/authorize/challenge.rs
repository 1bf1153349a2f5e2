//! Proof Key for Code Exchange (RFC 7636): the challenge of an authorization request, and the verifier that answers it.

use keyward_auth::SecretHash;

/// An S256 challenge: the SHA-256 of the verifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge(SecretHash);

impl Challenge {
    /// Reads a challenge: 43 characters, base64url without padding (RFC 7636, section 4.2).
    pub fn parse(text: &str) -> Option<Self> {
        SecretHash::from_base64url(text).map(Self)
    }

    /// The challenge of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(SecretHash::from_bytes(bytes))
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether `verifier` is well-formed and the challenge's own (RFC 7636, sections 4.1 and 4.6).
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        (43..=128).contains(&verifier.len()) && verifier.bytes().all(allowed) && self.0.matches(verifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_is_met_by_its_verifier_alone() {
        let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(challenge.is_met_by(verifier));
        for other in
            ["", &verifier[1..], &format!("{verifier}x"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"]
        {
            assert!(!challenge.is_met_by(other), "{other}");
        }
        assert_eq!(Challenge::from_bytes(*challenge.as_bytes()), challenge);
    }

    #[test]
    fn a_challenge_is_a_whole_hash() {
        let long = "x".repeat(129);
        for text in [
            "",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=",
            &long,
        ] {
            assert!(Challenge::parse(text).is_none(), "{text}");
        }
    }
}
