//! Readers of WebAuthn's binary fields, for `#[input(read = ..)]`.

use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_web::{Flaw, Given, Reader};
use serde_json::Value;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

/// How browsers reach authenticators (WebAuthn level 3, section 5.8.4).
const TRANSPORTS: [&str; 6] = ["usb", "nfc", "ble", "smart-card", "hybrid", "internal"];

/// Reads bytes, in base64url without padding. They are never echoed.
pub fn bytes<'a>(length: RangeInclusive<usize>) -> BytesReader<'a> {
    BytesReader { length, same: None }
}

/// Made by [`bytes`].
pub struct BytesReader<'a> {
    length: RangeInclusive<usize>,
    same: Option<&'a Vec<u8>>,
}

impl<'a> BytesReader<'a> {
    /// The same, where another field has to hold the same bytes.
    #[must_use]
    pub fn same(self, other: Option<&'a Vec<u8>>) -> Self {
        Self { same: other, ..self }
    }
}

impl<C> Reader<C> for BytesReader<'_> {
    type Value = Vec<u8>;

    const SECRET: bool = true;

    fn read(&self, given: Given<'_>, _: &C) -> Result<Vec<u8>, Flaw> {
        let text = given.string()?;
        let (least, most) = (characters(*self.length.start()), characters(*self.length.end()));
        match text.len() {
            length if length < least => return Err(Flaw::too_short(least)),
            length if length > most => return Err(Flaw::too_long(most)),
            _ => {}
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Flaw::value("not base64url without padding"))?;
        match self.same {
            Some(other) if *other != bytes => Err(Flaw::value("id and rawId differ")),
            _ => Ok(bytes),
        }
    }

    fn schema(&self) -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(characters(*self.length.start())))
            .max_length(Some(characters(*self.length.end())))
            .pattern(Some("^[A-Za-z0-9_-]+$"))
            .into()
    }
}

/// The number of characters that a number of bytes has in base64url.
fn characters(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

/// Reads a list of transports, and leaves out what is not known.
pub fn transports() -> TransportsReader {
    TransportsReader
}

/// Made by [`transports`].
pub struct TransportsReader;

impl<C> Reader<C> for TransportsReader {
    type Value = Vec<String>;

    fn read(&self, given: Given<'_>, _: &C) -> Result<Vec<String>, Flaw> {
        let list =
            given.value().as_array().ok_or_else(|| Flaw::new("list_type", "Input should be a valid list"))?;
        if !list.iter().all(Value::is_string) {
            return Err(Flaw::new("string_type", "Input should be a valid string"));
        }
        let known = TRANSPORTS.into_iter().filter(|known| list.iter().any(|given| given == known));
        Ok(known.map(str::to_owned).collect())
    }

    fn schema(&self) -> RefOr<Schema> {
        let word = ObjectBuilder::new().schema_type(Type::String);
        ArrayBuilder::new().items(RefOr::T(Schema::from(word))).into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bytes_have_one_spelling_and_transports_are_those_that_are_known() {
        let read = |text: &str| {
            let value = json!(text);
            Reader::<()>::read(&bytes(1..=3), Given::new(&value, false), &()).ok()
        };
        assert_eq!(read("AQID"), Some(vec![1, 2, 3]));
        for text in ["", "AQIDBA", "AQ==", "A+ID", "A/ID", "AR", "A Q", "AQID\n"] {
            assert_eq!(read(text), None, "{text:?}");
        }
        let value = json!(["usb", "cable", "internal", "usb"]);
        let known = Reader::<()>::read(&transports(), Given::new(&value, false), &()).unwrap();
        assert_eq!(known, ["usb", "internal"]);
    }
}
