//! Forms, urlencoded or multipart, read strictly into the object that JSON would have been.
//!
//! As in FastAPI an empty field of a form counts as none. Unlike there a broken escape, broken UTF-8 or a
//! field given twice is refused, so that no two readers can see different things in one request.

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderValue, header};
use percent_encoding::percent_decode;
use serde_json::{Map, Value, json};

use crate::fault::{Fault, Flaw, Loc};

/// The parameters of a query; an empty one is null.
///
/// # Errors
/// A fault if the text is not urlencoded.
pub(crate) fn query(text: &[u8]) -> Result<Map<String, Value>, Fault> {
    pairs("query", text)
}

/// The fields of an urlencoded form.
///
/// # Errors
/// A fault if the body is not such a form.
pub(crate) fn urlencoded(body: &[u8]) -> Result<Map<String, Value>, Fault> {
    pairs("body", body).map(filled)
}

/// The pairs of an urlencoded text (WHATWG URL, section 5.1).
fn pairs(part: &'static str, text: &[u8]) -> Result<Map<String, Value>, Fault> {
    let mut object = Map::new();
    for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(equals) => (&pair[..equals], &pair[equals + 1..]),
            None => (pair, &b""[..]),
        };
        let decoded = decode(name).zip(decode(value)).ok_or_else(|| undecodable(part))?;
        insert(part, &mut object, decoded)?;
    }
    Ok(object)
}

/// The fields of a multipart form (RFC 7578).
///
/// # Errors
/// A fault if the body is not such a form.
pub(crate) async fn multipart(content_type: &HeaderValue, body: Bytes) -> Result<Map<String, Value>, Fault> {
    if !has_boundary(content_type) {
        return Err(without_boundary());
    }
    let mut request = Request::new(axum::body::Body::from(body));
    request.headers_mut().insert(header::CONTENT_TYPE, content_type.clone());
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| undecodable("body"))?;
    let mut object = Map::new();
    while let Some(field) = form.next_field().await.map_err(|_| undecodable("body"))? {
        let name = field.name().map(str::to_owned).ok_or_else(|| undecodable("body"))?;
        let bytes = field.bytes().await.map_err(|_| undecodable("body"))?;
        let value = String::from_utf8(bytes.to_vec()).map_err(|_| undecodable("body"))?;
        insert("body", &mut object, (name, value))?;
    }
    Ok(filled(object))
}

/// Without the empty fields.
fn filled(mut form: Map<String, Value>) -> Map<String, Value> {
    form.retain(|_, value| !value.is_null());
    form
}

fn insert(
    part: &'static str,
    object: &mut Map<String, Value>,
    (name, value): (String, String),
) -> Result<(), Fault> {
    if object.contains_key(&name) {
        return Err(twice(part, &name));
    }
    let value = if value.is_empty() { Value::Null } else { Value::String(value) };
    object.insert(name, value);
    Ok(())
}

/// The fault of a field that is given twice.
pub(crate) fn twice(part: &'static str, name: &str) -> Fault {
    Flaw::value("the field is given twice").in_field(part, name, None)
}

/// Decodes an escaped name or value of a form or query. `None` if an escape or the UTF-8 is broken.
pub fn decode(bytes: &[u8]) -> Option<String> {
    let complete =
        bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%').all(|(at, _)| {
            bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
        });
    let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    complete.then(|| percent_decode(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)).flatten()
}

/// Whether a type names the boundary between parts (RFC 2046, section 5.1.1).
fn has_boundary(content_type: &HeaderValue) -> bool {
    let parameters = content_type.to_str().unwrap_or_default().split(';').skip(1);
    let mut pairs = parameters.filter_map(|parameter| parameter.trim().split_once('='));
    pairs.any(|(name, value)| name.eq_ignore_ascii_case("boundary") && !value.trim_matches('"').is_empty())
}

/// The fault of a multipart form whose type was written by hand.
fn without_boundary() -> Fault {
    mislabelled(
        "the Content-Type names no boundary: leave that header to the browser or the HTTP library, which adds one",
    )
}

/// The fault of a body that is no form, and what to send instead.
pub(crate) fn mislabelled(error: &'static str) -> Fault {
    let flaw =
        Flaw::with_ctx("form_invalid", format!("Form decode error: {error}"), json!({ "error": error }));
    flaw.at(vec![Loc::Name("body".into())], None)
}

fn undecodable(part: &'static str) -> Fault {
    let error = "an escape, the UTF-8 or the framing of the form is broken";
    Flaw::undecodable("form_invalid", "Form decode error", error).at(vec![Loc::Name(part.into())], None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded_and_its_empty_values_are_none() {
        let text = b"username=a%40b.c+d&scope=&&x";
        assert_eq!(Value::Object(urlencoded(text).unwrap()), json!({ "username": "a@b.c d" }));
        let parameters = json!({ "username": "a@b.c d", "scope": null, "x": null });
        assert_eq!(Value::Object(query(text).unwrap()), parameters);
    }

    #[test]
    fn broken_forms_are_refused() {
        for text in [&b"a=%ff"[..], b"a=%zz", b"a=%4", b"%=1", b"a=1&a=2", b"a=&a=2", b"a=\xff", b"a=1&%61=2"]
        {
            assert!(urlencoded(text).is_err(), "{:?}", String::from_utf8_lossy(text));
        }
    }
}
