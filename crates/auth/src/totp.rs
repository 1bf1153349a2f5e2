//! Codes of authenticator apps: TOTP (RFC 6238) with HMAC-SHA-1, six digits and steps of 30 seconds, which every app knows.
//!
//! Which steps were used, and how many wrong codes there were, is the caller's to keep.

use std::fmt::Write as _;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::Random;

/// A step, in seconds.
const STEP: i64 = 30;
/// How many steps before and after the present one a code is accepted from: for clocks that differ, and for slow fingers.
const SKEW: i64 = 1;
/// 160 bits, as RFC 4226 recommends (section 4, R6).
const SECRET_BYTES: usize = 20;
const CODES: u32 = 1_000_000;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What an authenticator app and we share. `Debug` does not print it, memory is wiped.
#[derive(Clone)]
pub struct TotpSecret(Zeroizing<Vec<u8>>);

impl TotpSecret {
    /// A new one of 20 random bytes.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new(vec![0; SECRET_BYTES]);
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// Takes a secret from where it was kept.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// The bytes, to be stored sealed.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The secret in base32 without padding (RFC 4648, section 6), to be typed into an app.
    pub fn base32(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.0.len().div_ceil(5) * 8));
        for chunk in self.0.chunks(5) {
            let mut bits = [0; 8];
            bits[3..3 + chunk.len()].copy_from_slice(chunk);
            let bits = u64::from_be_bytes(bits);
            for index in 0..(chunk.len() * 8).div_ceil(5) {
                let digit = usize::try_from((bits >> (35 - 5 * index)) & 31).unwrap_or(0);
                text.push(char::from(BASE32[digit]));
            }
        }
        text
    }

    /// The address that an app reads from a QR code: of the account `account` at `issuer`.
    pub fn uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let (issuer, account) = (encoded(issuer), encoded(account));
        let secret = self.base32();
        let parameters = format!("issuer={issuer}&algorithm=SHA1&digits=6&period={STEP}");
        Zeroizing::new(format!("otpauth://totp/{issuer}:{account}?secret={}&{parameters}", *secret))
    }

    /// The code at `now`, in Unix seconds.
    pub fn code(&self, now: i64) -> Zeroizing<String> {
        self.code_of(step(now))
    }

    /// The step whose code `typed` is, if it is that of a step close to `now`, in Unix seconds. Every code is compared, each in
    /// constant time. A code is worth something once: the caller notes its step, and refuses it and those before.
    pub fn step_of(&self, typed: &str, now: i64) -> Option<i64> {
        let present = step(now);
        (present - SKEW..=present + SKEW)
            .filter(|step| *step >= 0)
            .filter(|step| verify_slices_are_equal(self.code_of(*step).as_bytes(), typed.as_bytes()).is_ok())
            .fold(None, |_, step| Some(step))
    }

    fn code_of(&self, step: i64) -> Zeroizing<String> {
        Zeroizing::new(format!("{:06}", truncated(&self.0, step) % CODES))
    }
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(..)")
    }
}

fn step(now: i64) -> i64 {
    now.max(0) / STEP
}

/// RFC 4226, section 5.3, before the digits are cut off.
fn truncated(secret: &[u8], counter: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[tag.len() - 1] & 15);
    let mut word = [0; 4];
    word.copy_from_slice(&tag[offset..offset + 4]);
    u32::from_be_bytes(word) & 0x7fff_ffff
}

/// Text as a part of a URI: every byte but the unreserved ones is escaped (RFC 3986, section 2.3).
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a `String` does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::SystemRandom;

    fn vectors() -> Value {
        serde_json::from_str(include_str!("../tests/vectors/rfc/totp_hotp.json")).unwrap()
    }

    #[test]
    fn codes_are_those_of_rfc_6238_and_4226() {
        let vectors = vectors();
        let mut checked = 0;
        for vector in vectors["totp"].as_array().unwrap().iter().filter(|one| one["algorithm"] == "SHA1") {
            let secret = TotpSecret::from_bytes(vector["secret_ascii"].as_str().unwrap().as_bytes());
            let now = vector["time"].as_i64().unwrap();
            // The vectors have eight digits, and ours are the last six of them.
            assert_eq!(*secret.code(now), vector["code"].as_str().unwrap()[2..]);
            assert_eq!(*secret.base32(), vector["secret_base32"].as_str().unwrap());
            checked += 1;
        }
        assert_eq!(checked, 6);
        for vector in vectors["hotp"].as_array().unwrap() {
            let secret = TotpSecret::from_bytes(vector["secret_ascii"].as_str().unwrap().as_bytes());
            let counter = vector["counter"].as_i64().unwrap();
            assert_eq!(*secret.code_of(counter), vector["code"].as_str().unwrap(), "{counter}");
        }
    }

    #[test]
    fn a_code_is_accepted_one_step_either_way_and_no_further() {
        let secret = TotpSecret::generate(&SystemRandom);
        let now = 1_800_000_015;
        let present = now / STEP;
        for (shift, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let code = secret.code(now + shift * STEP);
            let others = [-1, 0, 1].map(|other| secret.code(now + other * STEP));
            // Two of a few codes are alike once in a while.
            if good || !others.contains(&code) {
                assert_eq!(secret.step_of(&code, now).is_some(), good, "{shift}");
            }
        }
        let code = secret.code(now);
        assert!(secret.step_of(&code, now).is_some_and(|step| (step - present).abs() <= 1));
        for other in ["", "12345", "1234567", &code[..5], "\u{661}\u{662}\u{663}"] {
            assert_eq!(secret.step_of(other, now), None, "{other:?}");
        }
        assert_eq!(secret.step_of(&secret.code(0), 0), Some(0));
        for extreme in [i64::MIN, -1, i64::MAX] {
            let _ = secret.step_of(&code, extreme);
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (plain, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(*TotpSecret::from_bytes(plain.as_bytes()).base32(), text);
        }
    }

    #[test]
    fn an_address_escapes_what_is_in_its_way() {
        let secret = TotpSecret::from_bytes(b"12345678901234567890");
        assert_eq!(
            *secret.uri("127.0.0.1:8000", "ana+b@example.com"),
            "otpauth://totp/127.0.0.1%3A8000:ana%2Bb%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=127.0.0.1%3A8000&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{secret:?}"), "TotpSecret(..)");
    }
}
