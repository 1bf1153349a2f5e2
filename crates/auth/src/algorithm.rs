//! The signature algorithms of this crate and their names. What they *do* lives in `keys.rs` and `jws.rs`.

mod setting;

use std::fmt;

/// How an access token is signed. An algorithm belongs to a key; a token's header never chooses one (RFC 8725 section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ed25519 (RFC 8037): small, quick to sign, the default.
    #[default]
    EdDsa,
    /// ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4).
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3), keys of 2048 bits or more.
    Rs256,
    /// HMAC with SHA-256 (RFC 7518 section 3.2): a party that can verify can also sign.
    Hs256,
}

impl Algorithm {
    /// The JOSE name: `EdDSA`, `ES256`, `RS256` or `HS256`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Hs256 => "HS256",
        }
    }

    /// Whether tokens can be verified with a key that may be published.
    pub const fn is_asymmetric(self) -> bool {
        !matches!(self, Self::Hs256)
    }

    /// Reads an `alg` member: case-sensitive (RFC 7515 section 4.1.1), `Ed25519` being RFC 9864's name for what we do as `EdDSA`.
    pub(crate) fn from_jose(name: &str) -> Option<Self> {
        match name {
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            "ES256" => Some(Self::Es256),
            "RS256" => Some(Self::Rs256),
            "HS256" => Some(Self::Hs256),
            _ => None,
        }
    }

    pub(crate) const fn jsonwebtoken(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_names_an_algorithm_exactly() {
        assert_eq!(Algorithm::from_jose("EdDSA"), Some(Algorithm::EdDsa));
        assert_eq!(Algorithm::from_jose("eddsa"), None);
        assert_eq!(Algorithm::from_jose("none"), None);
    }
}
