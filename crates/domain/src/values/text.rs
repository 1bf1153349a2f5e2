//! Text of bounded length: names, titles, contents.

use std::fmt;

/// Text of `MIN` to `MAX` characters (Unicode scalar values) without NUL, which PostgreSQL cannot keep.
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
    /// It holds a NUL character.
    #[error("must not contain NUL characters")]
    Nul,
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
        if text.contains('\0') {
            return Err(TextError::Nul);
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
    fn nul_is_refused_and_spaces_are_kept() {
        assert_eq!(Word::parse("a\0"), Err(TextError::Nul));
        assert_eq!(Word::parse(" a ").map(|word| word.to_string()), Ok(" a ".to_owned()));
    }
}
