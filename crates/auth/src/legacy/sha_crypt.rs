//! SHA-crypt, `$5$` and `$6$` of POSIX systems and passlib. Other functions have files of their own.

use sha_crypt::{Params, PasswordVerifier, ShaCrypt as Function};

use super::text::COSTLY;
use crate::PasswordError;

/// passlib makes 656,000; a million take about a second.
const MAX_ROUNDS: u32 = 1_000_000;
/// The salt's characters that count. A longer one is cut by every implementation, so no system writes one.
const MAX_SALT: usize = 16;

const MALFORMED: PasswordError = PasswordError::UnusableHash("it is not a SHA-crypt hash");

/// A hash as the `sha-crypt` crate reads it.
pub(crate) struct ShaCrypt(String);

impl ShaCrypt {
    /// `$6$rounds=656000$SALT$OUTPUT`, or without `rounds` for 5,000 of them.
    pub(super) fn parse(text: &str) -> Result<Self, PasswordError> {
        let fields: Vec<&str> = text.split('$').collect();
        let (length, fields) = match fields[..] {
            ["", "5", ref fields @ ..] => (43, fields),
            ["", "6", ref fields @ ..] => (86, fields),
            _ => return Err(MALFORMED),
        };
        let (salt, output) = match *fields {
            [rounds, salt, output] => {
                let rounds = rounds.strip_prefix("rounds=").and_then(|rounds| rounds.parse().ok());
                let rounds: u32 = rounds.ok_or(MALFORMED)?;
                if !(Params::ROUNDS_MIN..=MAX_ROUNDS).contains(&rounds) {
                    return Err(COSTLY);
                }
                (salt, output)
            }
            [salt, output] if !salt.starts_with("rounds=") => (salt, output),
            _ => return Err(MALFORMED),
        };
        let is_crypt =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"./".contains(&byte));
        if salt.len() > MAX_SALT || output.len() != length || !is_crypt(output) {
            return Err(MALFORMED);
        }
        Ok(Self(text.to_owned()))
    }

    /// A password with a NUL never matches: the C functions behind these hashes read no further.
    pub(super) fn matches(&self, typed: &[u8]) -> bool {
        // Computed in any case, so that an unusable password takes as long as a wrong one.
        let equal = Function::default().verify_password(typed, self.0.as_str()).is_ok();
        equal && !typed.contains(&0)
    }
}
