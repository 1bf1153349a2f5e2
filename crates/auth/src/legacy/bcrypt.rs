//! bcrypt, plain and over a digest of the password. Other functions have files of their own.

use std::fmt::Write as _;

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::text::{COSTLY, fields};
use crate::PasswordError;

/// bcrypt reads no further; a password that goes on beyond it shares its hash with all that begin alike.
const MAX_BYTES: usize = 72;
/// Cost 15 takes seconds; more is a mistake or an attack on our processors.
const MAX_COST: u32 = 15;
const SALT_CHARS: usize = 22;

const MALFORMED: PasswordError = PasswordError::UnusableHash("it is not a bcrypt hash");

/// A hash as the `bcrypt` crate reads it, and what it is a hash of.
pub(crate) struct Bcrypt {
    text: String,
    input: Input,
}

/// What bcrypt was given.
enum Input {
    /// The password.
    Password,
    /// SHA-256 of it in hexadecimal (Django).
    Hex,
    /// SHA-256 of it in base64 (passlib's version 1).
    Base64,
    /// HMAC-SHA384 of it under a fixed key, in base64 (WordPress).
    WordPress,
    /// HMAC-SHA256 of it under the salt's text, in base64 (passlib's version 2).
    Keyed(String),
}

impl Bcrypt {
    /// `$2b$12$SALTHASH`.
    pub(super) fn plain(text: &str) -> Result<Self, PasswordError> {
        Self::checked(text.to_owned(), Input::Password)
    }

    /// `$2b$12$SALTHASH`, of a digest.
    pub(super) fn django(text: &str) -> Result<Self, PasswordError> {
        Self::checked(text.to_owned(), Input::Hex)
    }

    /// `$2y$10$SALTHASH`, of a digest; `$wp` goes before it.
    pub(super) fn wordpress(text: &str) -> Result<Self, PasswordError> {
        Self::checked(text.to_owned(), Input::WordPress)
    }

    /// `v=2,t=2b,r=12$SALT$HASH`, or the older `2a,12$SALT$HASH`.
    pub(super) fn passlib(text: &str) -> Result<Self, PasswordError> {
        let [settings, salt, hash] = fields(text).ok_or(MALFORMED)?;
        let settings: Vec<&str> = settings.split(',').collect();
        let (variant, cost, input) = match settings[..] {
            ["v=2", variant, cost] => {
                (variant.strip_prefix("t="), cost.strip_prefix("r="), Input::Keyed(salt.to_owned()))
            }
            [variant, cost] => (Some(variant), Some(cost), Input::Base64),
            _ => return Err(MALFORMED),
        };
        let cost: Option<u8> = cost.and_then(|cost| cost.parse().ok());
        let (Some(variant), Some(cost)) = (variant, cost) else { return Err(MALFORMED) };
        if salt.len() != SALT_CHARS {
            return Err(MALFORMED);
        }
        Self::checked(format!("${variant}${cost:02}${salt}{hash}"), input)
    }

    fn checked(text: String, input: Input) -> Result<Self, PasswordError> {
        // `$2x$` marks the hashes of a faulty implementation, which is not repeated here.
        if !["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix)) {
            return Err(MALFORMED);
        }
        let parts: ::bcrypt::HashParts = text.parse().map_err(|_| MALFORMED)?;
        if !(4..=MAX_COST).contains(&parts.get_cost()) {
            return Err(COSTLY);
        }
        Ok(Self { text, input })
    }

    /// A plain one never matches a password of more than 72 bytes or with a NUL: bcrypt would silently ignore what follows.
    /// Such a user has to reset the password.
    pub(super) fn matches(&self, typed: &[u8]) -> Result<bool, PasswordError> {
        let compare = |input: &[u8]| ::bcrypt::verify(input, &self.text).map_err(|_| MALFORMED);
        let sha256 = || digest::digest(&digest::SHA256, typed);
        match &self.input {
            Input::Password => {
                // Computed in any case, so that an unusable password takes as long as a wrong one.
                let equal = compare(typed)?;
                Ok(equal && typed.len() <= MAX_BYTES && !typed.contains(&0))
            }
            Input::Hex => compare(hex(sha256().as_ref()).as_bytes()),
            Input::Base64 => compare(base64(sha256().as_ref()).as_bytes()),
            Input::WordPress => {
                let key = hmac::Key::new(hmac::HMAC_SHA384, b"wp-sha384");
                compare(base64(hmac::sign(&key, typed).as_ref()).as_bytes())
            }
            Input::Keyed(salt) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes());
                compare(base64(hmac::sign(&key, typed).as_ref()).as_bytes())
            }
        }
    }
}

fn base64(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(bytes))
}

fn hex(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(2 * bytes.len()));
    for byte in bytes {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
