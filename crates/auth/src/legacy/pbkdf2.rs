//! PBKDF2 (RFC 8018, section 5.2). Other functions have files of their own.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, Algorithm};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::text::{COSTLY, MIN_OUTPUT, any_base64, fields, hex};
use crate::PasswordError;

/// Django 6.0 makes 1,200,000; two million take about a second.
const MAX_ITERATIONS: u32 = 2_000_000;

const MAX_OUTPUT: usize = 64;

const MALFORMED: PasswordError = PasswordError::UnusableHash("it is not a PBKDF2 hash");

/// The digest under its HMAC.
#[derive(Clone, Copy)]
pub(super) enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

impl Digest {
    fn algorithm(self) -> Algorithm {
        match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

pub(crate) struct Pbkdf2 {
    digest: Digest,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Pbkdf2 {
    /// `29000$SALT$OUTPUT`, both in passlib's base64: with `.` for `+`, and no padding.
    pub(super) fn passlib(digest: Digest, text: &str) -> Result<Self, PasswordError> {
        let [iterations, salt, output] = fields(text).ok_or(MALFORMED)?;
        let bytes = |text: &str| STANDARD_NO_PAD.decode(text.replace('.', "+")).map_err(|_| MALFORMED);
        Self::checked(digest, number(iterations)?, bytes(salt)?, bytes(output)?)
    }

    /// `1000000$SALT$OUTPUT`: the salt is plain text, the output base64 with its padding.
    pub(super) fn django(digest: Digest, text: &str) -> Result<Self, PasswordError> {
        let [iterations, salt, output] = fields(text).ok_or(MALFORMED)?;
        let output = STANDARD.decode(output).map_err(|_| MALFORMED)?;
        Self::checked(digest, number(iterations)?, salt.as_bytes().to_vec(), output)
    }

    /// Werkzeug's `sha256:600000` and `SALT$OUTPUT`: the salt is plain text, the output hexadecimal.
    pub(super) fn werkzeug(method: &str, text: &str) -> Result<Self, PasswordError> {
        let (digest, iterations) = method.split_once(':').ok_or(MALFORMED)?;
        let [salt, output] = fields(text).ok_or(MALFORMED)?;
        let digest = match digest {
            "sha1" => Digest::Sha1,
            "sha256" => Digest::Sha256,
            "sha512" => Digest::Sha512,
            _ => return Err(MALFORMED),
        };
        let output = hex(output).filter(|output| output.len() == digest.bytes()).ok_or(MALFORMED)?;
        Self::checked(digest, number(iterations)?, salt.as_bytes().to_vec(), output)
    }

    /// ASP.NET Identity's base64: of version 3 with the function, the cost and the salt in it, of version 2 with the salt.
    pub(super) fn asp_net(text: &str) -> Result<Self, PasswordError> {
        let bytes = any_base64(text).ok_or(MALFORMED)?;
        let field = |at: usize| {
            let field = bytes.get(at..at + 4).and_then(|field| field.try_into().ok());
            field.map(u32::from_be_bytes).ok_or(MALFORMED)
        };
        let (digest, iterations, salt, from) = match bytes.first() {
            Some(1) => {
                let digest = match field(1)? {
                    0 => Digest::Sha1,
                    1 => Digest::Sha256,
                    2 => Digest::Sha512,
                    _ => return Err(MALFORMED),
                };
                (digest, field(5)?, usize::try_from(field(9)?).map_err(|_| MALFORMED)?, 13)
            }
            Some(0) if bytes.len() == 49 => (Digest::Sha1, 1_000, 16, 1),
            _ => return Err(MALFORMED),
        };
        let parts = bytes.get(from..).and_then(|rest| rest.split_at_checked(salt));
        // They take 32 bytes of any digest, of SHA-1 too.
        let (salt, output) = parts.filter(|(_, output)| output.len() == 32).ok_or(MALFORMED)?;
        Self::bounded(digest, iterations, salt.to_vec(), output.to_vec())
    }

    /// Spring Security 5.8's hexadecimal digits of salt and output.
    pub(super) fn spring(text: &str) -> Result<Self, PasswordError> {
        const SALT: usize = 16;
        const ITERATIONS: u32 = 310_000;
        let bytes = hex(text).filter(|bytes| bytes.len() == SALT + 32).ok_or(MALFORMED)?;
        let (salt, output) = bytes.split_at(SALT);
        Self::checked(Digest::Sha256, ITERATIONS, salt.to_vec(), output.to_vec())
    }

    fn checked(
        digest: Digest,
        iterations: u32,
        salt: Vec<u8>,
        output: Vec<u8>,
    ) -> Result<Self, PasswordError> {
        // An output beyond the digest's own would cost all the iterations once more.
        if output.len() > digest.bytes() {
            return Err(MALFORMED);
        }
        Self::bounded(digest, iterations, salt, output)
    }

    fn bounded(
        digest: Digest,
        iterations: u32,
        salt: Vec<u8>,
        output: Vec<u8>,
    ) -> Result<Self, PasswordError> {
        let iterations = NonZeroU32::new(iterations).ok_or(MALFORMED)?;
        if !(MIN_OUTPUT..=MAX_OUTPUT).contains(&output.len()) {
            return Err(MALFORMED);
        }
        let blocks = output.len().div_ceil(digest.bytes());
        if u64::from(iterations.get()) * blocks as u64 > u64::from(MAX_ITERATIONS) {
            return Err(COSTLY);
        }
        Ok(Self { digest, iterations, salt, output })
    }

    pub(super) fn matches(&self, typed: &[u8]) -> bool {
        pbkdf2::verify(self.digest.algorithm(), self.iterations, &self.salt, typed, &self.output).is_ok()
    }
}

fn number(digits: &str) -> Result<u32, PasswordError> {
    digits.parse().map_err(|_| MALFORMED)
}
