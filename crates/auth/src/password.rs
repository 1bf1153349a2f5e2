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

    /// A password that was typed with a code behind it, a space and six digits: both, taken apart. Which of the two it is,
    /// a password of such an end or one with a code, shows only when both are compared.
    pub fn with_code(&self) -> Option<(Self, Zeroizing<String>)> {
        #[cfg(feature = "imported")]
        let typed = self.expose_typed();
        #[cfg(not(feature = "imported"))]
        let typed = self.expose();
        let (password, code) = typed.rsplit_once(' ')?;
        let is_code = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| (Self::new(password), Zeroizing::new(code.to_owned())))
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
    fn a_code_is_taken_off_the_end_of_a_password() {
        let apart = |text: &str| {
            let (password, code) = Password::new(text).with_code()?;
            Some((password.expose().to_owned(), code.to_string()))
        };
        assert_eq!(apart("a phrase 123456"), Some(("a phrase".to_owned(), "123456".to_owned())));
        assert_eq!(apart(" 123456"), Some((String::new(), "123456".to_owned())));
        assert_eq!(apart("a  000000"), Some(("a ".to_owned(), "000000".to_owned())));
        for text in
            ["", "123456", "a 12345", "a 1234567", "a 123456 ", "a\t123456", "a 12345x", "a \u{663}23456"]
        {
            assert_eq!(apart(text), None, "{text:?}");
        }
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
