//! Hashes of other systems, checked so that their users can log in once and be rehashed: as passlib and pwdlib (FastAPI),
//! Django and PHP store them. Which function it is, is decided here; each has a file of its own, Argon2 in `argon2.rs`.
//! Nothing new is ever hashed here.
//!
//! Every cost has a bound, so that no imported row holds up the hashing threads for more than seconds.

mod bcrypt;
mod firebase;
mod pbkdf2;
mod phpass;
mod scrypt;
mod sha_crypt;
mod spelling;
mod text;

use self::bcrypt::Bcrypt;
use self::firebase::Firebase;
use self::pbkdf2::{Digest, Pbkdf2};
use self::phpass::Phpass;
use self::scrypt::Scrypt;
use self::sha_crypt::ShaCrypt;
use self::spelling::{ASP_NET, SPRING_PBKDF2, SPRING_SCRYPT, prefix, stored};
use crate::argon2::stored::Stored as Argon2;
use crate::{Password, PasswordError, PasswordHash, Verdict};

/// Django's word before a PHC string of Argon2. It tells the hashes of others, made of what was typed, from ours.
const ARGON2: &str = "argon2";

/// No honest hash is longer.
const MAX_TEXT: usize = 1024;
const UNKNOWN: PasswordError = PasswordError::UnusableHash("its scheme is unknown");

/// A hash of another system, taken apart and within bounds.
pub(crate) enum Foreign {
    Argon2(Argon2),
    Bcrypt(Bcrypt),
    Firebase(Firebase),
    Pbkdf2(Pbkdf2),
    Phpass(Phpass),
    Scrypt(Scrypt),
    ShaCrypt(ShaCrypt),
}

impl Foreign {
    /// Takes a stored text apart; `None` if no other system writes such a text.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, PasswordError> {
        let modular = text.strip_prefix('$');
        let Some((scheme, rest)) = modular.unwrap_or(text).split_once('$') else { return Ok(None) };
        let foreign = match (modular.is_some(), scheme) {
            (true, "2a" | "2b" | "2y") => Self::Bcrypt(Bcrypt::plain(text)?),
            (true, "bcrypt-sha256") => Self::Bcrypt(Bcrypt::passlib(rest)?),
            (true, "pbkdf2") => Self::Pbkdf2(Pbkdf2::passlib(Digest::Sha1, rest)?),
            (true, "pbkdf2-sha256") => Self::Pbkdf2(Pbkdf2::passlib(Digest::Sha256, rest)?),
            (true, "pbkdf2-sha512") => Self::Pbkdf2(Pbkdf2::passlib(Digest::Sha512, rest)?),
            (true, "scrypt") => Self::Scrypt(Scrypt::passlib(rest)?),
            (true, "5" | "6") => Self::ShaCrypt(ShaCrypt::parse(text)?),
            (true, "P" | "H") => Self::Phpass(Phpass::parse(rest)?),
            (true, "wp") => Self::Bcrypt(Bcrypt::wordpress(&text["$wp".len()..])?),
            (true, "fbscrypt") => Self::Firebase(Firebase::parse(rest)?),
            (false, ARGON2) => Self::Argon2(Argon2::imported(&text[ARGON2.len()..])?),
            (false, "bcrypt") => Self::Bcrypt(Bcrypt::plain(rest)?),
            (false, "bcrypt_sha256") => Self::Bcrypt(Bcrypt::django(rest)?),
            (false, "pbkdf2_sha1") => Self::Pbkdf2(Pbkdf2::django(Digest::Sha1, rest)?),
            (false, "pbkdf2_sha256") => Self::Pbkdf2(Pbkdf2::django(Digest::Sha256, rest)?),
            (false, "scrypt") => Self::Scrypt(Scrypt::django(rest)?),
            (false, ASP_NET) => Self::Pbkdf2(Pbkdf2::asp_net(rest)?),
            (false, SPRING_PBKDF2) => Self::Pbkdf2(Pbkdf2::spring(rest)?),
            (false, SPRING_SCRYPT) => Self::Scrypt(Scrypt::spring(rest)?),
            (false, method) => match method.split_once(':') {
                Some(("pbkdf2", method)) => Self::Pbkdf2(Pbkdf2::werkzeug(method, rest)?),
                Some(("scrypt", method)) => Self::Scrypt(Scrypt::werkzeug(method, rest)?),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(Some(foreign))
    }

    /// Compares it with the password as it was typed, for none of these systems normalises. A match always asks for a
    /// rehash. `argon2` compares bytes with a hash of that function, whose memory is the caller's.
    pub(crate) fn verify(
        &self,
        password: &Password,
        argon2: impl Fn(&[u8], &Argon2) -> Result<bool, PasswordError>,
    ) -> Result<Verdict, PasswordError> {
        let typed = password.expose_typed().as_bytes();
        let equal = match self {
            Self::Argon2(stored) => {
                // Another Keyward's did normalise.
                let normalized = password.expose().as_bytes();
                argon2(typed, stored)? || (typed != normalized && argon2(normalized, stored)?)
            }
            Self::Bcrypt(stored) => stored.matches(typed)?,
            // HMAC, which both stand on, takes a key and the same with NULs after it for one.
            Self::Pbkdf2(stored) => stored.matches(typed) && !typed.ends_with(&[0]),
            Self::Scrypt(stored) => stored.matches(typed)? && !typed.ends_with(&[0]),
            Self::Firebase(stored) => stored.matches(typed)? && !typed.ends_with(&[0]),
            Self::Phpass(stored) => stored.matches(typed),
            Self::ShaCrypt(stored) => stored.matches(typed),
        };
        Ok(if equal { Verdict::Match { needs_rehash: true } } else { Verdict::Mismatch })
    }
}

impl PasswordHash {
    /// Takes a hash that another system made of a password as it was typed: bcrypt, Argon2, PBKDF2, scrypt, SHA-crypt or
    /// phpass, as passlib, pwdlib, Django, Flask, Spring, PHP, WordPress, Firebase or ASP.NET spell it. It is good for
    /// [`PasswordHasher::verify`](crate::PasswordHasher::verify), which then asks for a rehash.
    ///
    /// # Errors
    ///
    /// [`PasswordError::UnknownHash`] if it begins with the name of another function, and
    /// [`PasswordError::UnusableHash`] if it is malformed, has no such beginning, or would take too much time or memory to
    /// check.
    pub fn imported(text: &str) -> Result<Self, PasswordError> {
        accept(text).map(Self::from_stored)
    }
}

/// The text to store for a hash that another system made.
fn accept(text: &str) -> Result<String, PasswordError> {
    if text.len() > MAX_TEXT || text.chars().any(char::is_control) {
        return Err(PasswordError::UnusableHash("it is too long, or holds control characters"));
    }
    let text = stored(text);
    let text = if text.starts_with("$argon2") { format!("{ARGON2}{text}") } else { text.into_owned() };
    match Foreign::parse(&text)? {
        Some(_) => Ok(text),
        None => Err(prefix(&text).map_or(UNKNOWN, |prefix| PasswordError::UnknownHash(prefix.to_owned()))),
    }
}
