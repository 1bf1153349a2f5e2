//! Secrets that machines make and keep, such as an OAuth2 client's: random enough to be stored as a plain SHA-256.
//! Never for what a person chose; that is [`PasswordHasher`](crate::PasswordHasher)'s.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::Random;

/// A new secret: 32 random bytes as 43 characters of base64url.
pub fn random_secret(random: &dyn Random) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    random.fill(&mut *bytes);
    Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes))
}

/// The SHA-256 of a secret of at least 128 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The hash of `secret`.
    pub fn of(secret: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, secret.as_bytes()).as_ref());
        Self(hash)
    }

    /// Takes a hash from where it was kept.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads a hash that was written as base64url without padding: 43 characters; `None` for anything else.
    pub fn from_base64url(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns whether this is the hash of `secret`, in constant time.
    pub fn matches(&self, secret: &str) -> bool {
        verify_slices_are_equal(&self.0, &Self::of(secret).0).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn a_secret_matches_its_own_hash_only() {
        let (one, other) = (random_secret(&SystemRandom), random_secret(&SystemRandom));
        assert_eq!(one.len(), 43);
        assert!(SecretHash::of(&one).matches(&one));
        assert!(!SecretHash::of(&one).matches(&other));
        assert!(!SecretHash::of(&one).matches(&one[..42]));
    }
}
