//! The value of one field, read as one of the types that JSON, forms and queries share. The words are
//! pydantic v2's.

use serde_json::Value;

use crate::fault::Flaw;

/// The value of a field, as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    value: &'a Value,
    text: bool,
}

impl<'a> Given<'a> {
    /// A value of JSON, or with `text` one of a form or a query, where numbers and booleans are written as
    /// text.
    pub fn new(value: &'a Value, text: bool) -> Self {
        Self { value, text }
    }

    /// Whether it is one of a form or a query.
    pub fn is_text(self) -> bool {
        self.text
    }

    /// The value.
    pub fn value(self) -> &'a Value {
        self.value
    }

    /// A string without NUL.
    ///
    /// # Errors
    /// `string_type`, or a NUL, which databases cannot store.
    pub fn string(self) -> Result<&'a str, Flaw> {
        let text = self.raw_string()?;
        if text.contains('\0') { Err(Flaw::nul()) } else { Ok(text) }
    }

    /// A string of any characters.
    ///
    /// # Errors
    /// `string_type`.
    pub fn raw_string(self) -> Result<&'a str, Flaw> {
        self.value.as_str().ok_or_else(|| Flaw::new("string_type", "Input should be a valid string"))
    }

    /// True or false. JSON says so strictly, text in one of pydantic's spellings.
    ///
    /// # Errors
    /// `bool_type`, or `bool_parsing` for text.
    pub fn boolean(self) -> Result<bool, Flaw> {
        let Some(text) = self.value.as_str().filter(|_| self.text) else {
            let flaw = || Flaw::new("bool_type", "Input should be a valid boolean");
            return self.value.as_bool().ok_or_else(flaw);
        };
        match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
            "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
            _ => Err(Flaw::new("bool_parsing", "Input should be a valid boolean, unable to interpret input")),
        }
    }

    /// An integer within 64 bits.
    ///
    /// # Errors
    /// `int_type`, or `int_parsing` for text.
    pub fn integer(self) -> Result<i64, Flaw> {
        if self.text {
            return parse_integer(self.string()?);
        }
        self.value.as_i64().ok_or_else(|| Flaw::new("int_type", "Input should be a valid integer"))
    }
}

/// An integer written as text, within 64 bits.
pub(crate) fn parse_integer(text: &str) -> Result<i64, Flaw> {
    let words = "Input should be a valid integer, unable to parse string as an integer";
    let flaw = || Flaw::new("int_parsing", words);
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(flaw());
    }
    text.parse().map_err(|_| flaw())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn integers_are_plain_digits_within_64_bits() {
        assert_eq!(parse_integer("42"), Ok(42));
        assert_eq!(parse_integer("-1"), Ok(-1));
        assert_eq!(parse_integer("9223372036854775807"), Ok(i64::MAX));
        for text in
            ["", "-", "+1", " 1", "1.0", "1e3", "0x1", "abc", "9223372036854775808", "\u{0661}", "1\0"]
        {
            assert!(parse_integer(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn nothing_but_true_and_false_is_a_boolean_of_json() {
        assert_eq!(Given::new(&json!(true), false).boolean(), Ok(true));
        for value in [json!("yes"), json!(1), json!("true"), json!(null)] {
            assert!(Given::new(&value, false).boolean().is_err());
        }
    }

    #[test]
    fn forms_and_queries_write_integers_and_booleans_as_text() {
        let (number, flag) = (json!("7"), json!("On"));
        assert_eq!(Given::new(&number, true).integer(), Ok(7));
        assert_eq!(Given::new(&flag, true).boolean(), Ok(true));
        assert!(Given::new(&number, false).integer().is_err());
        assert!(Given::new(&number, true).boolean().is_err());
    }
}
