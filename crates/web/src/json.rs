//! Strict JSON (RFC 8259): UTF-8, nothing behind the value, no key twice, nesting bounded by the parser's own
//! limit.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::fault::{Fault, Flaw, Loc};

/// Reads one JSON value.
///
/// # Errors
/// FastAPI's `json_invalid` with the position, in bytes from the start.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, Fault> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| invalid(error.valid_up_to(), "The text is not UTF-8"))?;
    serde_json::from_str::<Strict>(text).map(|strict| strict.0).map_err(|error| {
        let words = error.to_string();
        let reason = words.split(" at line ").next().unwrap_or(&words);
        invalid(position(text, error.line(), error.column()), reason)
    })
}

fn invalid(position: usize, error: &str) -> Fault {
    Flaw::undecodable("json_invalid", "JSON decode error", error)
        .at(vec![Loc::Name("body".into()), Loc::Index(position)], None)
}

/// The fault of a body that is no JSON, and what to send instead.
pub(crate) fn mislabelled(error: &str) -> Fault {
    invalid(0, error)
}

fn position(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (before + column.saturating_sub(1)).min(text.len())
}

/// A value in which every key of an object stands once.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Strict(element)) = elements.next_element()? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom("a key is given twice in one object"));
            }
            let Strict(value) = entries.next_value()?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_come_out_as_they_went_in() {
        let text = r#"{"a": [1, -2, 3.5, true, null, "ü\n"], "b": {"c": {}}}"#;
        assert_eq!(
            parse(text.as_bytes()).unwrap(),
            json!({"a": [1, -2, 3.5, true, null, "ü\n"], "b": {"c": {}}})
        );
    }

    #[test]
    fn what_is_not_strictly_json_is_refused_with_its_position() {
        let deep = "[".repeat(100_000);
        for (bytes, position) in [
            (&b"{\"a\": 1, \"a\": 2}"[..], Some(11)),
            (b"{\"a\": {\"b\": 1, \"b\": 2}}", None),
            (b"{\"a\" 1}", Some(5)),
            (b"{} x", Some(3)),
            (b"\xff{}", Some(0)),
            (b"\xef\xbb\xbf{}", Some(0)),
            (b"{\"a\": \"\\ud800\"}", None),
            (b"[1e999]", None),
            (b"NaN", None),
            (deep.as_bytes(), None),
        ] {
            let fault = parse(bytes).unwrap_err();
            assert_eq!(fault.kind, "json_invalid");
            if let Some(position) = position {
                assert_eq!(fault.loc[1], Loc::Index(position), "{:?}", String::from_utf8_lossy(bytes));
            }
        }
    }
}
