//! Readers of single values: the words are pydantic v2's.

use keyward_auth::{Password, PasswordRefusal};
use keyward_domain::values::email::Email;
use keyward_domain::values::scopes::Role;
use keyward_domain::values::text::{Text, TextError};
use serde_json::{Value, json};

use crate::fault::Flaw;

/// A string without NUL.
pub fn string(value: &Value) -> Result<&str, Flaw> {
    let text = value.as_str().ok_or_else(|| Flaw::new("string_type", "Input should be a valid string"))?;
    if text.contains('\0') { Err(nul()) } else { Ok(text) }
}

/// A string without NUL, owned.
pub fn owned(value: &Value) -> Result<String, Flaw> {
    string(value).map(str::to_owned)
}

/// A bounded text.
pub fn text<const MIN: usize, const MAX: usize>(value: &Value) -> Result<Text<MIN, MAX>, Flaw> {
    Text::parse(string(value)?).map_err(|error| match error {
        TextError::TooShort { min } => too_short(min),
        TextError::TooLong { max } => too_long(max),
        TextError::Nul => nul(),
    })
}

/// An e-mail address.
pub fn email(value: &Value) -> Result<Email, Flaw> {
    Email::parse(string(value)?).map_err(|error| {
        let reason = error.to_string();
        let message = format!("value is not a valid email address: {reason}");
        Flaw::with_ctx("value_error", message, json!({ "reason": reason }))
    })
}

/// A password as its owner types it: whatever it is, it is compared whole.
pub fn password(value: &Value) -> Result<Password, Flaw> {
    value
        .as_str()
        .map(Password::new)
        .ok_or_else(|| Flaw::new("string_type", "Input should be a valid string"))
}

/// What is wrong with a new password.
pub fn refusal(refusal: PasswordRefusal) -> Flaw {
    match refusal {
        PasswordRefusal::TooShort { min } => too_short(min),
        PasswordRefusal::TooLong { max } => too_long(max),
        other => Flaw::value(&other.to_string()),
    }
}

/// True or false, and nothing that merely looks like it.
pub fn boolean(value: &Value) -> Result<bool, Flaw> {
    value.as_bool().ok_or_else(|| Flaw::new("bool_type", "Input should be a valid boolean"))
}

/// A role's name.
pub fn role(value: &Value) -> Result<Role, Flaw> {
    let expected = "'user' or 'admin'";
    let flaw = || {
        Flaw::with_ctx(
            "literal_error",
            format!("Input should be {expected}"),
            json!({ "expected": expected }),
        )
    };
    value.as_str().and_then(Role::from_name).ok_or_else(flaw)
}

/// An integer written in a path or query, within 64 bits.
pub fn integer(text: &str) -> Result<i64, Flaw> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let flaw =
        || Flaw::new("int_parsing", "Input should be a valid integer, unable to parse string as an integer");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(flaw());
    }
    text.parse().map_err(|_| flaw())
}

/// An integer of a query that lies within bounds.
pub fn between(value: &Value, least: i64, greatest: i64) -> Result<i64, Flaw> {
    let number = integer(string(value)?)?;
    within(number, least, greatest)?;
    Ok(number)
}

fn within(number: i64, least: i64, greatest: i64) -> Result<(), Flaw> {
    if number < least {
        let message = format!("Input should be greater than or equal to {least}");
        Err(Flaw::with_ctx("greater_than_equal", message, json!({ "ge": least })))
    } else if number > greatest {
        let message = format!("Input should be less than or equal to {greatest}");
        Err(Flaw::with_ctx("less_than_equal", message, json!({ "le": greatest })))
    } else {
        Ok(())
    }
}

/// An integer in JSON, within bounds.
pub fn count(value: &Value, least: u32, greatest: u32) -> Result<u32, Flaw> {
    let number = id(value)?;
    within(number, least.into(), greatest.into())?;
    u32::try_from(number).map_err(|_| Flaw::new("int_type", "Input should be a valid integer"))
}

/// An integer in JSON, within 64 bits.
pub fn id(value: &Value) -> Result<i64, Flaw> {
    value.as_i64().ok_or_else(|| Flaw::new("int_type", "Input should be a valid integer"))
}

fn too_short(min: usize) -> Flaw {
    let message = format!("String should have at least {min} character{}", plural(min));
    Flaw::with_ctx("string_too_short", message, json!({ "min_length": min }))
}

fn too_long(max: usize) -> Flaw {
    let message = format!("String should have at most {max} character{}", plural(max));
    Flaw::with_ctx("string_too_long", message, json!({ "max_length": max }))
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn nul() -> Flaw {
    Flaw::value("text must not contain NUL characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_plain_digits_within_64_bits() {
        assert_eq!(integer("42"), Ok(42));
        assert_eq!(integer("-1"), Ok(-1));
        assert_eq!(integer("9223372036854775807"), Ok(i64::MAX));
        for text in
            ["", "-", "+1", " 1", "1.0", "1e3", "0x1", "abc", "9223372036854775808", "\u{0661}", "1\0"]
        {
            assert!(integer(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn nothing_but_true_and_false_is_a_boolean() {
        assert_eq!(boolean(&json!(true)), Ok(true));
        for value in [json!("yes"), json!(1), json!("true"), json!(null)] {
            assert!(boolean(&value).is_err());
        }
    }
}
