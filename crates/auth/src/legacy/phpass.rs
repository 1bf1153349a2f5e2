//! phpass' portable hashes, `$P$` of WordPress and `$H$` of phpBB: MD5, repeated. Other functions have files of their own.
//!
//! There is no maintained crate of it; what is more than MD5 is the loop and the alphabet.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use md5::{Digest, Md5};

use super::text::COSTLY;
use crate::PasswordError;

/// The digits of its base64, the least significant one first.
const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// WordPress makes 8,192 rounds; these take a fraction of a second.
const ROUNDS: std::ops::RangeInclusive<usize> = 7..=18;
const SALT: usize = 8;
const OUTPUT: usize = 22;

const MALFORMED: PasswordError = PasswordError::UnusableHash("it is not a phpass hash");

pub(crate) struct Phpass {
    rounds: u32,
    salt: [u8; SALT],
    output: [u8; OUTPUT],
}

impl Phpass {
    /// `BSALTSALTOUTPUT..`: a digit that is the logarithm of the rounds, eight characters of salt, and the output.
    pub(super) fn parse(text: &str) -> Result<Self, PasswordError> {
        let (cost, rest) = text.as_bytes().split_first().ok_or(MALFORMED)?;
        let (salt, output) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let output: [u8; OUTPUT] = output.try_into().map_err(|_| MALFORMED)?;
        let cost = DIGITS.iter().position(|digit| digit == cost).ok_or(MALFORMED)?;
        if output.iter().any(|digit| !DIGITS.contains(digit)) {
            return Err(MALFORMED);
        }
        if !ROUNDS.contains(&cost) {
            return Err(COSTLY);
        }
        Ok(Self { rounds: 1 << cost, salt: *salt, output })
    }

    pub(super) fn matches(&self, typed: &[u8]) -> bool {
        let mut digest = Md5::new_with_prefix(self.salt).chain_update(typed).finalize();
        for _ in 0..self.rounds {
            digest = Md5::new_with_prefix(digest).chain_update(typed).finalize();
        }
        verify_slices_are_equal(&encode(&digest), &self.output).is_ok()
    }
}

fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(OUTPUT);
    for group in bytes.chunks(3) {
        let mut value = group.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte));
        for _ in 0..=group.len() {
            text.push(DIGITS[value % DIGITS.len()]);
            value /= DIGITS.len();
        }
    }
    text
}
