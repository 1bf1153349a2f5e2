//! Firebase's scrypt: a project's key, encrypted under what scrypt makes of the password. Other functions have files of their
//! own.

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

use super::scrypt::Scrypt;
use super::text::{any_base64, fields};
use crate::PasswordError;

/// AES-256.
const KEY: usize = 32;
/// What scrypt makes; the cipher takes the first half.
const DERIVED: usize = 64;

const MALFORMED: PasswordError = PasswordError::UnusableHash("it is not a Firebase scrypt hash");

pub(crate) struct Firebase {
    /// The function, with the derived bytes left open.
    scrypt: Scrypt,
    /// What is encrypted.
    signer_key: Zeroizing<Vec<u8>>,
    output: Vec<u8>,
}

impl Firebase {
    /// `v=1,n=14,r=8,p=1,ss=SEPARATOR,sk=SIGNERKEY$SALT$OUTPUT`, all in base64: what Firebase shows as `mem_cost`, `rounds`,
    /// `base64_salt_separator` and `base64_signer_key` of the project, and exports as `salt` and `passwordHash` of a user.
    pub(super) fn parse(text: &str) -> Result<Self, PasswordError> {
        let [settings, salt, output] = fields(text).ok_or(MALFORMED)?;
        let settings: Vec<&str> = settings.split(',').collect();
        let ["v=1", n, r, p, separator, key] = settings[..] else { return Err(MALFORMED) };
        let number = |text: &str, name: &str| {
            text.strip_prefix(name).and_then(|digits| digits.parse::<u32>().ok()).ok_or(MALFORMED)
        };
        let bytes = |text: Option<&str>| text.and_then(any_base64).ok_or(MALFORMED);
        let (separator, signer_key) =
            (bytes(separator.strip_prefix("ss="))?, bytes(key.strip_prefix("sk="))?);
        let (salt, output) = (bytes(Some(salt))?, bytes(Some(output))?);
        if output.len() != signer_key.len() || output.len() < KEY {
            return Err(MALFORMED);
        }
        let salt = [salt, separator].concat();
        let scrypt =
            Scrypt::checked(number(n, "n=")?, number(r, "r=")?, number(p, "p=")?, salt, vec![0; DERIVED])?;
        Ok(Self { scrypt, signer_key: Zeroizing::new(signer_key), output })
    }

    pub(super) fn matches(&self, typed: &[u8]) -> Result<bool, PasswordError> {
        let derived = self.scrypt.derive(typed)?;
        let key = UnboundCipherKey::new(&AES_256, &derived[..KEY]).and_then(EncryptingKey::ctr);
        let key = key.map_err(|_| PasswordError::Hashing)?;
        let mut text = self.signer_key.clone();
        // One text under one key, so a counter that begins at zero is what they use.
        let context = EncryptionContext::Iv128(FixedLength::from([0; 16]));
        key.less_safe_encrypt(&mut text, context).map_err(|_| PasswordError::Hashing)?;
        Ok(verify_slices_are_equal(&text, &self.output).is_ok())
    }
}
