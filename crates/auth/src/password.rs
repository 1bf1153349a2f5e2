//! A password, its stored hash and the trait between them. Hash functions live in `argon2.rs` and `legacy`,
//! what makes a password acceptable in `policy.rs`.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::PasswordError;

/// A password as someone typed it, in Unicode's NFKC form (SP 800-63B-4 section 3.1.1.2) and otherwise whole:
/// nothing is trimmed, cut or folded.
///
/// Deliberately without `Debug`, `Display`, `Clone` and serde; the memory is wiped when it is dropped.
///
/// ```compile_fail
/// println!("{:?}", keyward_auth::Password::new("secret")); // does not compile
/// ```
pub struct Password {
    normalized: Zeroizing<String>,
    /// The input, where normalising changed it: other systems hashed it as it was typed.
    #[cfg(feature = "imported")]
    typed: Option<Zeroizing<String>>,
}

impl Password {
    /// Takes what was typed. Limit the length of the input first; normalising may make it up to eleven times as long.
    pub fn new(raw: &str) -> Self {
        let normalized = normalize(raw);
        Self {
            #[cfg(feature = "imported")]
            typed: (normalized.as_str() != raw).then(|| Zeroizing::new(raw.to_owned())),
            normalized,
        }
    }

    /// How many Unicode scalar values it has, after normalising.
    pub fn chars(&self) -> usize {
        self.normalized.chars().count()
    }

    /// The normalised text. For hashing and comparing only: never log, store or send it.
    pub fn expose(&self) -> &str {
        &self.normalized
    }

    /// The text before normalising.
    #[cfg(feature = "imported")]
    pub(crate) fn expose_typed(&self) -> &str {
        self.typed.as_ref().unwrap_or(&self.normalized)
    }
}

/// NFKC, written once into memory of the right size, so that no outgrown copy stays behind unwiped.
pub(crate) fn normalize(raw: &str) -> Zeroizing<String> {
    if raw.is_ascii() {
        return Zeroizing::new(raw.to_owned());
    }
    let mut normalized = Zeroizing::new(String::with_capacity(raw.nfkc().map(char::len_utf8).sum()));
    normalized.extend(raw.nfkc());
    normalized
}

/// See [`PasswordHash::of_no_password`]. An earlier version of a program reads it as a hash that never matches.
const NO_PASSWORD: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$a2V5d2FyZDogbm8gaGFzaA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password hash as it lies in a database: a PHC string (`$argon2id$...`), or what another system wrote.
///
/// `Debug` does not print it: a hash in a log can be attacked at leisure.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a stored text as it is. Whether it is usable shows at [`PasswordHasher::verify`].
    pub fn from_stored(stored: String) -> Self {
        Self(stored)
    }

    /// What is stored for an account without a password: an Argon2id string whose digest is all zero, which no password has.
    /// [`PasswordHasher::verify`] answers [`Verdict::Mismatch`] after the time that any wrong password takes.
    pub fn of_no_password() -> Self {
        Self(NO_PASSWORD.to_owned())
    }

    /// Whether it is that of an account without a password.
    pub(crate) fn is_of_no_password(&self) -> bool {
        self.0 == NO_PASSWORD
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// What checking a password came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the right one.
    Match {
        /// The stored hash is weaker or merely other than what [`PasswordHasher::hash`] makes today: hash the password
        /// again and store that.
        needs_rehash: bool,
    },
    /// It is not.
    Mismatch,
}

/// Makes and checks password hashes. Every method is slow on purpose (tens of milliseconds and megabytes):
/// an async caller runs it on a bounded pool of threads of its own.
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password under a fresh salt.
    ///
    /// # Errors
    ///
    /// [`PasswordError::OutOfMemory`], or [`PasswordError::Hashing`] if the function itself refuses.
    fn hash(&self, password: &Password) -> Result<PasswordHash, PasswordError>;

    /// Compares a password with a stored hash, in constant time as far as the hash is concerned.
    ///
    /// # Errors
    ///
    /// [`PasswordError::UnusableHash`] where the *stored* text is malformed, unknown or absurdly costly. A wrong password is
    /// [`Verdict::Mismatch`].
    fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verdict, PasswordError>;

    /// Costs what checking a wrong password costs. Call it when there is no such account, so that the time of an answer does
    /// not tell which accounts exist (OWASP ASVS 6.3.8).
    fn verify_absent(&self, password: &Password);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_looking_passwords_are_equal_after_normalising() {
        let composed = Password::new("p\u{e4}ssw\u{f6}rd");
        assert_eq!(composed.expose(), Password::new("pa\u{308}sswo\u{308}rd").expose());
        assert_eq!(composed.chars(), 8);
        assert_eq!(Password::new("\u{ff21}\u{ff22}\u{2460}").expose(), "AB1");
        assert_eq!(Password::new("\u{fb01}").expose(), "fi");
    }

    #[test]
    fn nothing_is_trimmed_cut_or_folded() {
        assert_eq!(Password::new(" Secret\0 ").expose(), " Secret\0 ");
        let long = "x".repeat(100_000);
        assert_eq!(Password::new(&long).expose(), long);
        assert_eq!(Password::new("😀😀").chars(), 2);
    }

    #[test]
    fn normalising_allocates_once() {
        let worst = "\u{fdfa}".repeat(128);
        let normalized = normalize(&worst);
        assert_eq!(normalized.capacity(), normalized.len());
        assert_eq!(normalized.len(), 11 * worst.len());
    }

    #[test]
    fn a_hash_does_not_print_itself() {
        let hash = PasswordHash::from_stored("$argon2id$x".to_owned());
        assert_eq!(format!("{hash:?}"), "PasswordHash(..)");
        assert_eq!(hash.as_str(), "$argon2id$x");
    }
}
