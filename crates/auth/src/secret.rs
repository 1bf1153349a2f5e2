//! The master secret and the keys derived from it. Where it is kept, and what else is encrypted with it, is the caller's.

use std::fmt;

use aws_lc_rs::hkdf;
use zeroize::Zeroizing;

use crate::{KeyError, Random};

pub(crate) const MIN_SECRET_BYTES: usize = 32;

/// The one secret from which others are derived, each under its own label. `Debug` does not print it, memory is wiped.
#[derive(Clone)]
pub struct MasterSecret(Zeroizing<Vec<u8>>);

impl MasterSecret {
    /// Takes a secret from where it was kept. It has to be random, not a passphrase.
    ///
    /// # Errors
    ///
    /// [`KeyError::TooShort`] under 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.len() < MIN_SECRET_BYTES {
            return Err(KeyError::TooShort(bytes.len()));
        }
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    /// A new one of 32 random bytes.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new(vec![0; MIN_SECRET_BYTES]);
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// The bytes, to be stored (owner-readable only, never in a repository or a log).
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// A key of 32 bytes: HKDF-SHA256 (RFC 5869) with `label` as `info`. Different labels or salts give unrelated keys.
    pub fn derive(&self, label: &str, salt: &[u8]) -> Zeroizing<[u8; 32]> {
        self.expand(label.as_bytes(), salt)
    }

    fn expand(&self, info: &[u8], salt: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
            .extract(&self.0)
            .expand(&[info], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut *key))
            .expect("HKDF-SHA256 gives up to 8,160 bytes, 32 are asked for");
        key
    }
}

impl fmt::Debug for MasterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    /// RFC 5869 appendix A.2; the first 32 of its 82 bytes are the first block.
    #[test]
    fn derivation_is_rfc_5869() {
        let bytes = |from: u8, to: u8| (from..=to).collect::<Vec<u8>>();
        let master = MasterSecret::from_bytes(&bytes(0x00, 0x4f)).unwrap();
        let key = master.expand(&bytes(0xb0, 0xff), &bytes(0x60, 0xaf));
        let expected = "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c";
        let digits = |at: usize| u8::from_str_radix(&expected[2 * at..2 * at + 2], 16).unwrap();
        assert_eq!(key.to_vec(), (0..32).map(digits).collect::<Vec<u8>>());
    }

    #[test]
    fn a_label_or_a_salt_separates_keys() {
        let master = MasterSecret::generate(&SystemRandom);
        assert_eq!(master.derive("a", b"1"), master.derive("a", b"1"));
        assert_ne!(master.derive("a", b"1"), master.derive("b", b"1"));
        assert_ne!(master.derive("a", b"1"), master.derive("a", b"2"));
    }

    #[test]
    fn a_short_secret_is_refused_and_none_is_printed() {
        assert!(matches!(MasterSecret::from_bytes(&[7; 31]), Err(KeyError::TooShort(31))));
        let master = MasterSecret::from_bytes(&[7; 32]).unwrap();
        assert_eq!(format!("{master:?}"), "MasterSecret(..)");
        assert_eq!(master.expose(), [7; 32]);
    }
}
