//! PBKDF2 (RFC 8018, section 5.2). Other functions have files of their own.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, Algorithm};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::text::{COSTLY, MIN_OUTPUT, fields};
use crate::PasswordError;

/// Django 6.0 makes 1,200,000; two million take about a second.
const MAX_ITERATIONS: u32 = 2_000_000;

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
        Self::checked(digest, iterations, bytes(salt)?, bytes(output)?)
    }

    /// `1000000$SALT$OUTPUT`: the salt is plain text, the output base64 with its padding.
    pub(super) fn django(digest: Digest, text: &str) -> Result<Self, PasswordError> {
        let [iterations, salt, output] = fields(text).ok_or(MALFORMED)?;
        let output = STANDARD.decode(output).map_err(|_| MALFORMED)?;
        Self::checked(digest, iterations, salt.as_bytes().to_vec(), output)
    }

    fn checked(
        digest: Digest,
        iterations: &str,
        salt: Vec<u8>,
        output: Vec<u8>,
    ) -> Result<Self, PasswordError> {
        // An output beyond the digest's own would cost all the iterations once more.
        if !(MIN_OUTPUT..=digest.bytes()).contains(&output.len()) {
            return Err(MALFORMED);
        }
        let iterations: NonZeroU32 = iterations.parse().map_err(|_| MALFORMED)?;
        if iterations.get() > MAX_ITERATIONS {
            return Err(COSTLY);
        }
        Ok(Self { digest, iterations, salt, output })
    }

    pub(super) fn matches(&self, typed: &[u8]) -> bool {
        pbkdf2::verify(self.digest.algorithm(), self.iterations, &self.salt, typed, &self.output).is_ok()
    }
}
