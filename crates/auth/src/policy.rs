//! Which passwords may be chosen (SP 800-63B-4 section 3.1.1.2): a length, a list of the commonest, an operator's list, the
//! account's own words. No composition rules, and nothing about how a password is stored.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::Password;
use crate::password::normalize;

/// Lowercased, NFKC, sorted by bytes, a newline after each; see `data/README.md`.
static COMMON: &str = include_str!("../data/common-passwords.txt");

/// What a new password has to be like. Checked when a password is chosen, never at login. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The fewest characters (Unicode scalar values after NFKC). 8 by default; NIST asks 15 where there is no second factor.
    pub min_chars: usize,
    /// The most characters. 128 by default; SP 800-63B-4 asks that at least 64 be allowed.
    pub max_chars: usize,
    /// What is refused beside the commonest. Nothing by default.
    pub refused: RefusedPasswords,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_chars: 8, max_chars: 128, refused: RefusedPasswords::default() }
    }
}

/// Words and leaked passwords that an operator refuses. Takes the bytes of the words, and is cheap to clone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RefusedPasswords(Arc<str>);

impl RefusedPasswords {
    /// One a line, in any order and case. Spaces count, a carriage return at a line's end and empty lines do not. Each
    /// is refused as it is, and so is the word that is left of it without digits and signs around it.
    pub fn parse(text: &str) -> Self {
        let mut words = Vec::new();
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = normalize(line).to_lowercase();
            words.extend([bare(&line).to_owned(), line]);
        }
        words.retain(|word| !word.is_empty());
        words.sort_unstable();
        words.dedup();
        Self(words.join("\n").into())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.lines().count()
    }

    /// Whether this is one of them, with or without digits and signs around it. `folded` is NFKC and lowercase.
    fn contain(&self, folded: &str) -> bool {
        let word = bare(folded);
        is_listed(&self.0, folded) || (!word.is_empty() && is_listed(&self.0, word))
    }
}

impl fmt::Debug for RefusedPasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefusedPasswords({})", self.count())
    }
}

/// Why a password may not be chosen. The message is fit for the person choosing it.
#[derive(thiserror::Error, Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordRefusal {
    /// Too few characters.
    #[error("The password should have at least {min} characters")]
    TooShort {
        /// The fewest allowed.
        min: usize,
    },
    /// Too many characters.
    #[error("The password should have at most {max} characters")]
    TooLong {
        /// The most allowed.
        max: usize,
    },
    /// One of the commonest passwords, in any case.
    #[error("The password is one of the commonest and would be guessed first")]
    TooCommon,
    /// One that the operator refuses, in any case, with or without digits and signs around it.
    #[error("The password is too easy to guess at this service")]
    Refused,
    /// The e-mail address, a part of it, or the name of the service.
    #[error("The password should not be the e-mail address or the name of the service")]
    Context,
}

impl PasswordPolicy {
    /// Whether the password may be chosen. `context` holds words that stand for the account or the service, such as the
    /// e-mail address, its local part and the product's name: the password may not *equal* one, case aside.
    ///
    /// # Errors
    ///
    /// The first reason that applies, in the order of [`PasswordRefusal`].
    pub fn check(&self, password: &Password, context: &[&str]) -> Result<(), PasswordRefusal> {
        let chars = password.chars();
        if chars < self.min_chars {
            return Err(PasswordRefusal::TooShort { min: self.min_chars });
        }
        if chars > self.max_chars {
            return Err(PasswordRefusal::TooLong { max: self.max_chars });
        }
        let folded = Zeroizing::new(password.expose().to_lowercase());
        if is_listed(COMMON, &folded) {
            return Err(PasswordRefusal::TooCommon);
        }
        if self.refused.contain(&folded) {
            return Err(PasswordRefusal::Refused);
        }
        if context.iter().any(|word| normalize(word).to_lowercase() == *folded) {
            return Err(PasswordRefusal::Context);
        }
        Ok(())
    }
}

/// Without digits and signs around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphabetic())
}

/// Binary search for a whole line in sorted text, without a table: each probe falls somewhere in a line and takes that line.
fn is_listed(sorted: &str, word: &str) -> bool {
    let (text, word) = (sorted.as_bytes(), word.as_bytes());
    let (mut low, mut high) = (0, text.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let start = text[low..middle]
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(low, |newline| low + newline + 1);
        let end = text[middle..high]
            .iter()
            .position(|&byte| byte == b'\n')
            .map_or(high, |newline| middle + newline);
        match text[start..end].cmp(word) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str, context: &[&str]) -> Result<(), PasswordRefusal> {
        PasswordPolicy::default().check(&Password::new(password), context)
    }

    #[test]
    fn the_list_is_sorted_normalised_and_found_entry_by_entry() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert_eq!(lines.len(), 52_274);
        assert!(lines.is_sorted_by(|a, b| a.as_bytes() < b.as_bytes()));
        for line in lines {
            assert!(is_listed(COMMON, line), "{line}");
            assert!(line.chars().count() >= 8);
            assert_eq!(normalize(line).to_lowercase(), line);
        }
    }

    #[test]
    fn what_is_not_a_whole_line_is_not_listed() {
        for word in [
            "",
            "\n",
            "passwor",
            "assword1234",
            "password\n",
            "zzzzzzzzzzzzzzzzzzzz",
            "\u{10ffff}",
            "password\npassword1",
        ] {
            assert!(!is_listed(COMMON, word), "{word:?}");
        }
        assert!(!is_listed("", "a"));
        assert!(is_listed("a\n", "a") && is_listed("a\nb\n", "b") && !is_listed("a\nc\n", "b"));
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(check("kürzere", &[]), Err(PasswordRefusal::TooShort { min: 8 }));
        assert_eq!(check("öäüßöäüß", &[]), Ok(()));
        assert_eq!(check(&"ö".repeat(128), &[]), Ok(()));
        assert_eq!(check(&"ö".repeat(129), &[]), Err(PasswordRefusal::TooLong { max: 128 }));
    }

    #[test]
    fn the_commonest_passwords_are_refused_in_any_case() {
        for password in
            ["password", "Password1", "12345678", "QWERTYUIOP", "iloveyou1", "ЕКАТЕРИНА", "\u{ff50}assword"]
        {
            assert_eq!(check(password, &[]), Err(PasswordRefusal::TooCommon), "{password}");
        }
    }

    #[test]
    fn what_an_operator_lists_is_refused_in_any_case_and_with_trimmings() {
        let refused = RefusedPasswords::parse(
            "\u{feff}Umbrella Corp\r\n\nhunter2hunter2\nHUNTER2hunter2\n\u{ff35}mbra\n73915528\na\u{1}\na",
        );
        assert_eq!((refused.count(), format!("{refused:?}").as_str()), (7, "RefusedPasswords(7)"));
        let policy = PasswordPolicy { refused, ..PasswordPolicy::default() };
        let check = |password: &str| policy.check(&Password::new(password), &[]);
        for password in [
            "umbrella corp",
            "UMBRELLA CORP",
            "Umbrella Corp2026!",
            "Hunter2Hunter2",
            "1hunter2hunter2!",
            "hunter2hunter",
            "!!umbra99",
            "73915528",
        ] {
            assert_eq!(check(password), Err(PasswordRefusal::Refused), "{password}");
        }
        for password in ["umbrella corporation", "umbrellas corp", "hunter2hunt", "173915528", "71829360"] {
            assert_eq!(check(password), Ok(()), "{password}");
        }
        assert_eq!(check("umbra"), Err(PasswordRefusal::TooShort { min: 8 }));
    }

    #[test]
    fn no_composition_is_asked_for() {
        for password in ["correct horse battery staple", "aaaaaaaabb zz", "        x        "] {
            assert_eq!(check(password, &[]), Ok(()), "{password}");
        }
    }

    #[test]
    fn the_accounts_own_words_are_refused_whole_and_in_any_case() {
        let context = ["ana.maria@example.com", "ana.maria", "Keyward Demo", ""];
        for password in ["Ana.Maria@Example.com", "ANA.MARIA", "keyward demo"] {
            assert_eq!(check(password, &context), Err(PasswordRefusal::Context), "{password}");
        }
        assert_eq!(check("ana.maria@example.com!", &context), Ok(()));
    }
}
