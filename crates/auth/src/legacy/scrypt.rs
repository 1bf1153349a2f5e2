//! scrypt (RFC 7914). Other functions have files of their own.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use scrypt::Params;
use zeroize::Zeroizing;

use super::text::{COSTLY, MIN_OUTPUT, fields};
use crate::PasswordError;

/// What one hash may cost: 128 MiB, and 1 GiB of memory filled in all.
const MAX_MEMORY: u64 = 128 << 20;
const MAX_WORK: u64 = 1 << 30;
/// Of the block size and of the parallelism.
const MAX_FACTOR: u32 = 64;
const MAX_OUTPUT: usize = 64;

const MALFORMED: PasswordError = PasswordError::UnusableHash("it is not a scrypt hash");

pub(crate) struct Scrypt {
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Scrypt {
    /// `ln=16,r=8,p=1$SALT$OUTPUT`, both in base64 without padding; RustCrypto writes the same.
    pub(super) fn passlib(text: &str) -> Result<Self, PasswordError> {
        let [settings, salt, output] = fields(text).ok_or(MALFORMED)?;
        let settings: Vec<&str> = settings.split(',').collect();
        let [ln, r, p] = settings[..] else { return Err(MALFORMED) };
        let number = |text: &str, name: &str| {
            text.strip_prefix(name).and_then(|digits| digits.parse::<u32>().ok()).ok_or(MALFORMED)
        };
        let bytes = |text: &str| STANDARD_NO_PAD.decode(text).map_err(|_| MALFORMED);
        Self::checked(number(ln, "ln=")?, number(r, "r=")?, number(p, "p=")?, bytes(salt)?, bytes(output)?)
    }

    /// `16384$SALT$8$5$OUTPUT`: the salt is plain text, the output base64 with its padding.
    pub(super) fn django(text: &str) -> Result<Self, PasswordError> {
        let [n, salt, r, p, output] = fields(text).ok_or(MALFORMED)?;
        let number = |digits: &str| digits.parse::<u32>().map_err(|_| MALFORMED);
        let n = number(n)?;
        if !n.is_power_of_two() {
            return Err(MALFORMED);
        }
        let output = STANDARD.decode(output).map_err(|_| MALFORMED)?;
        Self::checked(n.ilog2(), number(r)?, number(p)?, salt.as_bytes().to_vec(), output)
    }

    fn checked(log_n: u32, r: u32, p: u32, salt: Vec<u8>, output: Vec<u8>) -> Result<Self, PasswordError> {
        if !(MIN_OUTPUT..=MAX_OUTPUT).contains(&output.len()) {
            return Err(MALFORMED);
        }
        let factors = 1..=MAX_FACTOR;
        if !factors.contains(&r) || !factors.contains(&p) || !(1..=30).contains(&log_n) {
            return Err(COSTLY);
        }
        let memory = (u64::from(r) * 128) << log_n;
        if memory > MAX_MEMORY || memory * u64::from(p) > MAX_WORK {
            return Err(COSTLY);
        }
        let log_n = u8::try_from(log_n).map_err(|_| COSTLY)?;
        let params = Params::new(log_n, r, p).map_err(|_| COSTLY)?;
        Ok(Self { params, salt, output })
    }

    pub(super) fn matches(&self, typed: &[u8]) -> Result<bool, PasswordError> {
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        ::scrypt::scrypt(typed, &self.salt, &self.params, &mut output).map_err(|_| PasswordError::Hashing)?;
        Ok(verify_slices_are_equal(&output, &self.output).is_ok())
    }
}
