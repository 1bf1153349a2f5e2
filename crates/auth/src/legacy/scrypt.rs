//! scrypt (RFC 7914). Other functions have files of their own.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use scrypt::Params;
use zeroize::Zeroizing;

use super::text::{COSTLY, MIN_OUTPUT, any_base64, fields, hex};
use crate::PasswordError;

/// What one hash may cost: 128 MiB, and 1 GiB of memory filled in all.
const MAX_MEMORY: u64 = 128 << 20;
const MAX_WORK: u64 = 1 << 30;
/// Of the block size and of the parallelism.
const MAX_FACTOR: u32 = 64;
const MAX_OUTPUT: usize = 64;

/// What Python's `hashlib.scrypt` makes unless told otherwise.
const WERKZEUG: usize = 64;

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
        let output = STANDARD.decode(output).map_err(|_| MALFORMED)?;
        Self::checked(log2(n)?, number(r)?, number(p)?, salt.as_bytes().to_vec(), output)
    }

    /// Werkzeug's `32768:8:1` and `SALT$OUTPUT`: the salt is plain text, the output hexadecimal.
    pub(super) fn werkzeug(method: &str, text: &str) -> Result<Self, PasswordError> {
        let numbers: Result<Vec<u32>, _> = method.split(':').map(str::parse).collect();
        let numbers: Result<[u32; 3], _> = numbers.map_err(|_| MALFORMED)?.try_into();
        let [n, r, p] = numbers.map_err(|_| MALFORMED)?;
        let [salt, output] = fields(text).ok_or(MALFORMED)?;
        let output = hex(output).filter(|output| output.len() == WERKZEUG).ok_or(MALFORMED)?;
        Self::checked(log2(n)?, r, p, salt.as_bytes().to_vec(), output)
    }

    /// Spring Security's `$e0801$SALT$OUTPUT`: the logarithm of n, r and p in hexadecimal digits, the rest in base64.
    pub(super) fn spring(text: &str) -> Result<Self, PasswordError> {
        let ["", costs, salt, output] = fields(text).ok_or(MALFORMED)? else { return Err(MALFORMED) };
        let costs = u32::from_str_radix(costs, 16).map_err(|_| MALFORMED)?;
        let (salt, output) = (any_base64(salt).ok_or(MALFORMED)?, any_base64(output).ok_or(MALFORMED)?);
        Self::checked(costs >> 16, costs >> 8 & 0xff, costs & 0xff, salt, output)
    }

    pub(super) fn checked(
        log_n: u32,
        r: u32,
        p: u32,
        salt: Vec<u8>,
        output: Vec<u8>,
    ) -> Result<Self, PasswordError> {
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

    /// As many bytes as the stored output has.
    pub(super) fn derive(&self, typed: &[u8]) -> Result<Zeroizing<Vec<u8>>, PasswordError> {
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        ::scrypt::scrypt(typed, &self.salt, &self.params, &mut output).map_err(|_| PasswordError::Hashing)?;
        Ok(output)
    }

    pub(super) fn matches(&self, typed: &[u8]) -> Result<bool, PasswordError> {
        let output = self.derive(typed)?;
        Ok(verify_slices_are_equal(&output, &self.output).is_ok())
    }
}

fn log2(n: u32) -> Result<u32, PasswordError> {
    if n.is_power_of_two() { Ok(n.ilog2()) } else { Err(MALFORMED) }
}
