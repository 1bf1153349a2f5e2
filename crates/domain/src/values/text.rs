//! Text of bounded length: names, titles, contents.

use std::fmt;

/// Text of `MIN` to `MAX` characters (Unicode scalar values) without control characters but tab, newline and carriage
/// return: PostgreSQL cannot keep NUL, terminals obey others, and JSON sends each as six bytes.
///
/// The text is kept as it came: nothing is trimmed or folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Fewer characters than `min`.
    #[error("should have at least {min} characters")]
    TooShort {
        /// The least number of characters.
        min: usize,
    },
    /// More characters than `max`.
    #[error("should have at most {max} characters")]
    TooLong {
        /// The greatest number of characters.
        max: usize,
    },
    /// It holds a control character.
    #[error("must not contain control characters other than tab, newline and carriage return")]
    Control,
}

/// Whether text holds a control character other than tab, newline and carriage return.
pub fn has_control(text: &str) -> bool {
    text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
}

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// The least number of characters.
    pub const MIN: usize = MIN;
    /// The greatest number of characters.
    pub const MAX: usize = MAX;

    /// Checks `text`.
    ///
    /// # Errors
    /// [`TextError`] says which bound it breaks.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        if has_control(text) {
            return Err(TextError::Control);
        }
        match text.chars().count() {
            n if n < MIN => Err(TextError::TooShort { min: MIN }),
            n if n > MAX => Err(TextError::TooLong { max: MAX }),
            _ => Ok(Self(text.to_owned())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }

    /// Trusts text that was checked when it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Display for Text<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Word = Text<1, 4>;

    #[test]
    fn length_is_counted_in_characters_not_bytes() {
        assert_eq!(Word::parse("šßñé").map(|word| word.to_string()), Ok("šßñé".to_owned()));
        assert_eq!(Word::parse("abcde"), Err(TextError::TooLong { max: 4 }));
        assert_eq!(Word::parse(""), Err(TextError::TooShort { min: 1 }));
    }

    #[test]
    fn control_characters_are_refused_and_white_space_is_kept() {
        for control in ['\0', '\u{1}', '\u{8}', '\u{b}', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}'] {
            assert_eq!(Word::parse(&format!("a{control}")), Err(TextError::Control), "{control:?}");
        }
        assert_eq!(Word::parse("\t\r\n").map(|word| word.to_string()), Ok("\t\r\n".to_owned()));
        assert_eq!(Word::parse(" a ").map(|word| word.to_string()), Ok(" a ".to_owned()));
    }
}
