//! API keys: what a program sends in place of a login. A key is its prefix, random characters and a checksum, so that a scanner
//! finds one in a file, and a misspelt one is refused without a look-up.

use std::fmt;

use zeroize::Zeroizing;

use crate::{Random, SecretHash};

/// How many random characters: 190 bits.
const RANDOM: usize = 32;
/// How many characters of the checksum: 62 to the power of six is more than 2 to the power of 32.
const CHECK: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// An API key as its owner sees it, once. `Debug` does not print it, memory is wiped.
///
/// After [`PREFIX`](Self::PREFIX) come 32 random characters of base62 and six of their checksum: CRC-32 (ISO 3309, as in gzip) in
/// base62, the most significant digit first, with zeros in front. Digits come before capitals, and these before small letters.
#[derive(Clone)]
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// What every key begins with.
    pub const PREFIX: &'static str = "kwp_";
    /// A regular expression for secret scanners. The checksum tells what is a key from what looks like one.
    pub const PATTERN: &'static str = "kwp_[0-9A-Za-z]{38}";

    /// A new key.
    pub fn generate(random: &dyn Random) -> Self {
        let mut key = Zeroizing::new(String::with_capacity(Self::PREFIX.len() + RANDOM + CHECK));
        key.push_str(Self::PREFIX);
        let mut bytes = Zeroizing::new([0; 2 * RANDOM]);
        while key.len() < Self::PREFIX.len() + RANDOM {
            random.fill(&mut *bytes);
            // 248 is a multiple of 62: every character is equally likely.
            let fair = bytes.iter().filter(|byte| **byte < 248);
            let left = Self::PREFIX.len() + RANDOM - key.len();
            key.extend(fair.take(left).map(|byte| char::from(BASE62[usize::from(byte % 62)])));
        }
        let check = checksum(&key.as_bytes()[Self::PREFIX.len()..]);
        key.extend(check.map(char::from));
        Self(key)
    }

    /// The text to show.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What to store of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }

    /// Returns whether `text` begins as a key does, whether or not it is one.
    pub fn looks_like(text: &str) -> bool {
        text.starts_with(Self::PREFIX)
    }

    /// The hash of a key; `None` where `text` is no key, for example because of its checksum. Whether such a key was ever made,
    /// only the store of hashes knows.
    pub fn hash_of(text: &str) -> Option<SecretHash> {
        let rest = text.strip_prefix(Self::PREFIX)?.as_bytes();
        let (random, check) = rest.split_at_checked(RANDOM)?;
        let sound = random.iter().all(u8::is_ascii_alphanumeric) && check == checksum(random);
        sound.then(|| SecretHash::of(text))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

fn checksum(random: &[u8]) -> [u8; CHECK] {
    let mut rest = crc32(random);
    let mut digits = [b'0'; CHECK];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

/// CRC-32 with the reversed polynomial 0xEDB88320, as in gzip (RFC 1952, section 8).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
        // Counted by Python: zlib.crc32(b"0" * 32), in base62.
        assert_eq!(&checksum(&[b'0'; 32]), b"2wjyrI");
    }

    #[test]
    fn a_key_is_read_again_and_no_misspelt_one_is() {
        let key = ApiKey::generate(&SystemRandom);
        let text = key.expose();
        assert_eq!(text.len(), 42);
        assert!(text.bytes().skip(4).all(|byte| BASE62.contains(&byte)), "{text}");
        assert_eq!(ApiKey::hash_of(text), Some(key.hash()));
        assert_eq!(format!("{key:?}"), "ApiKey(..)");
        for index in 0..text.len() {
            let mut changed = text.to_owned().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(ApiKey::hash_of(&changed), None, "{index}");
        }
        for other in
            ["", "kwp_", "kwr_", &text[..41], &format!("{text}0"), &text.to_lowercase(), "kwp_\u{e9}"]
        {
            assert_eq!(ApiKey::hash_of(other), None, "{other}");
        }
    }

    #[test]
    fn every_character_occurs_about_equally_often() {
        let mut counts = [0_u32; 62];
        for _ in 0..2_000 {
            let key = ApiKey::generate(&SystemRandom);
            for byte in &key.expose().as_bytes()[4..36] {
                counts[BASE62.iter().position(|known| known == byte).unwrap()] += 1;
            }
        }
        // 1032 on average, with a standard deviation of 32.
        assert!(counts.iter().all(|count| (800..1_270).contains(count)), "{counts:?}");
    }

    /// A source of bytes that would make the first characters more likely is read on.
    #[test]
    fn bytes_that_would_favour_some_characters_are_left_out() {
        struct Mostly255(std::sync::atomic::AtomicU8);
        impl Random for Mostly255 {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(255);
                bytes[0] = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
        let key = ApiKey::generate(&Mostly255(0.into()));
        assert_eq!(&key.expose()[4..36], "0123456789ABCDEFGHIJKLMNOPQRSTUV");
    }
}
