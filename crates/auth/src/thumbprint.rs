//! Thumbprints of public keys (RFC 7638), by which tokens and requests are bound to a key.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The SHA-256 thumbprint of a public key: 43 characters of base64url.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Thumbprint(String);

impl Thumbprint {
    /// Reads a thumbprint; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hash = text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32);
        is_hash.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_is_a_whole_hash_in_one_spelling() {
        let good = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        assert_eq!(Thumbprint::parse(good).unwrap().as_str(), good);
        for text in
            ["", "x", &good[1..], &format!("{good}="), &good.replace('-', "+"), &format!("{}J", &good[..42])]
        {
            assert_eq!(Thumbprint::parse(text), None, "{text}");
        }
    }
}
