//! The short code that a person carries from a device to a browser (RFC 8628, section 6.1).

use std::fmt;

use keyward_auth::Random;

/// Letters that are not mistaken for one another, without vowels, so that no words come about.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// The number of letters: 34 bits.
const LENGTH: usize = 8;

/// A user code: eight letters, shown as `BCDF-GHJK`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    /// A new one.
    pub fn generate(random: &dyn Random) -> Self {
        let mut code = String::with_capacity(LENGTH);
        while code.len() < LENGTH {
            let mut byte = [0];
            random.fill(&mut byte);
            // Every letter is equally likely: 240 is a multiple of 20.
            if byte[0] < 240 {
                code.push(char::from(ALPHABET[usize::from(byte[0]) % ALPHABET.len()]));
            }
        }
        Self(code)
    }

    /// Reads one as people type it: letter case, hyphens and spaces do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let letters = text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
        let code: String = letters.take(LENGTH + 1).map(|letter| letter.to_ascii_uppercase()).collect();
        let sound = code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
        sound.then_some(Self(code))
    }

    /// The eight letters alone, as stored.
    pub fn letters(&self) -> &str {
        &self.0
    }
}

/// With a hyphen in the middle, as people read it.
impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

#[cfg(test)]
mod tests {
    use keyward_auth::SystemRandom;

    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed_and_nothing_else_is_one() {
        for text in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "b-c-d-f-g-h-j-k"] {
            assert_eq!(UserCode::parse(text).unwrap().to_string(), "BCDF-GHJK", "{text}");
        }
        for text in ["", "BCDFGHJ", "BCDFGHJKL", "ACDFGHJK", "BCDF_GHJK", "BCDFGHJ\u{212a}", "12345678"] {
            assert_eq!(UserCode::parse(text), None, "{text}");
        }
    }

    #[test]
    fn new_codes_are_codes_and_use_every_letter() {
        let codes: Vec<_> = (0..200).map(|_| UserCode::generate(&SystemRandom)).collect();
        assert!(codes.iter().all(|code| UserCode::parse(&code.to_string()).as_ref() == Some(code)));
        let all: String = codes.iter().map(UserCode::letters).collect();
        assert!(ALPHABET.iter().all(|letter| all.contains(char::from(*letter))));
    }
}
