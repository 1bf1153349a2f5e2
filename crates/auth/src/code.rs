//! Short codes that a person reads in a mail and types: derived, never stored. How many tries one is worth is the
//! caller's to count.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::{MasterSecret, SecretHash};

const LABEL: &str = "keyward one-time code v1";
const CODES: u64 = 1_000_000;

/// Makes and checks codes of six digits, each the companion of a secret that was sent beside it: an HMAC-SHA256 of the
/// secret's hash under a key derived from the master secret, cut down as RFC 4226 does (section 5.3, with 64 bits). So a
/// copy of the database shows no code, though a million is soon tried.
#[derive(Clone, Debug)]
pub struct OneTimeCodes {
    master: MasterSecret,
}

impl OneTimeCodes {
    /// Works with a master secret: under another one, every code is another.
    pub fn new(master: &MasterSecret) -> Self {
        Self { master: master.clone() }
    }

    /// The code beside the secret of this hash: six digits.
    pub fn code(&self, companion: &SecretHash) -> Zeroizing<String> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*self.master.derive(LABEL, b""));
        let tag = hmac::sign(&key, companion.as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&tag.as_ref()[..8]);
        Zeroizing::new(format!("{:06}", u64::from_be_bytes(first) % CODES))
    }

    /// Returns whether `typed` is that code, in constant time.
    pub fn verify(&self, companion: &SecretHash, typed: &str) -> bool {
        verify_slices_are_equal(self.code(companion).as_bytes(), typed.as_bytes()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::SystemRandom;

    #[test]
    fn a_code_is_six_digits_and_fits_its_own_secret_only() {
        let codes = OneTimeCodes::new(&MasterSecret::generate(&SystemRandom));
        let seen: HashSet<String> = (0..500)
            .map(|number| {
                let hash = SecretHash::of(&number.to_string());
                let code = codes.code(&hash);
                assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
                assert!(codes.verify(&hash, &code));
                for other in [&code[..5], "", "12345678", "\u{661}\u{662}\u{663}"] {
                    assert!(!codes.verify(&hash, other), "{other}");
                }
                code.to_string()
            })
            .collect();
        assert!(seen.len() > 490, "{} different codes of 500", seen.len());
    }

    #[test]
    fn another_master_secret_makes_other_codes() {
        let [one, other] = [(); 2].map(|()| OneTimeCodes::new(&MasterSecret::generate(&SystemRandom)));
        let differ = |number: u8| {
            let hash = SecretHash::from_bytes([number; 32]);
            one.code(&hash) != other.code(&hash)
        };
        assert!((0..3).any(differ));
        assert_eq!(format!("{one:?}"), "OneTimeCodes { master: MasterSecret(..) }");
    }
}
