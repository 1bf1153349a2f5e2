//! Cursors: where in which list a page begins, opaque to clients, and the link to the next page.

use axum::http::{HeaderValue, Uri};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::form;

/// A list, by the byte that its cursors carry: a cursor of another list is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List(pub u8);

/// Of cursors of whole lists, and of lists that parameters narrow: these carry a digest of the parameters.
const WHOLE: u8 = 1;
const NARROWED: u8 = 2;

/// A digest of the parameters that narrow a list; `None` where none does.
pub(crate) type Narrowing = Option<u32>;

/// What the rows of a list are ordered by: the last of a page is where the next one begins.
pub trait Key: Copy + Send + Sync + 'static {
    /// The key as bytes.
    fn to_bytes(self) -> Vec<u8>;
    /// The key of these bytes, if there is one.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

/// An id; ids are positive.
impl Key for i64 {
    fn to_bytes(self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self::from_be_bytes(bytes.try_into().ok()?)).filter(|id| *id > 0)
    }
}

/// A UUID.
impl Key for u128 {
    fn to_bytes(self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self::from_be_bytes(bytes.try_into().ok()?))
    }
}

/// The cursor of what comes after `key` in a list that is narrowed like that.
pub(crate) fn encode(list: List, narrowing: Narrowing, key: impl Key) -> String {
    let (version, digest) = match narrowing {
        Some(digest) => (NARROWED, digest.to_be_bytes().to_vec()),
        None => (WHOLE, Vec::new()),
    };
    URL_SAFE_NO_PAD.encode([&[version, list.0], &digest[..], &key.to_bytes()[..]].concat())
}

/// How the list was narrowed that a cursor of this list was made for, and the key that it was made of.
pub(crate) fn decode<K: Key>(list: List, text: &str) -> Option<(Narrowing, K)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    if let Some(key) = bytes.strip_prefix(&[WHOLE, list.0]) {
        return Some((None, K::from_bytes(key)?));
    }
    let (digest, key) = bytes.strip_prefix(&[NARROWED, list.0])?.split_first_chunk::<4>()?;
    Some((Some(u32::from_be_bytes(*digest)), K::from_bytes(key)?))
}

/// A digest of parameters, which have one order (FNV-1a): it tells a mistake, and keeps nothing secret.
pub(crate) fn digest<'a>(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> Narrowing {
    let mut digest = None;
    for (name, value) in parameters {
        for byte in name.bytes().chain([0]).chain(value.bytes()).chain([0]) {
            digest = Some((digest.unwrap_or(0x811c_9dc5) ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        }
    }
    digest
}

/// What would end a link early. Everything beyond ASCII is escaped as well.
const FOREIGN: &AsciiSet = &CONTROLS.add(b'<').add(b'>').add(b'"').add(b' ');

/// The same request, with another cursor.
pub(crate) fn next_link(here: &Uri, cursor: &str) -> Option<HeaderValue> {
    let others = here.query().unwrap_or_default().split('&');
    let mut query: Vec<&str> = others.filter(|pair| !pair.is_empty() && !is_cursor(pair)).collect();
    let after = format!("after={cursor}");
    query.push(&after);
    let target = format!("{}?{}", here.path(), query.join("&"));
    // A request may come with characters that no address has (RFC 3986); a link must not.
    let target = utf8_percent_encode(&target, FOREIGN);
    HeaderValue::try_from(format!("<{target}>; rel=\"next\"")).ok()
}

/// Whether this is the cursor of the page before, however its name is escaped.
fn is_cursor(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    form::decode(name.as_bytes()).is_some_and(|name| name == "after")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_own_list_only() {
        let cursor = encode(List(b'p'), None, 77_i64);
        assert_eq!(decode(List(b'p'), &cursor), Some((None, 77_i64)));
        let narrowed = encode(List(b'p'), Some(7), 77_i64);
        assert_eq!(decode(List(b'p'), &narrowed), Some((Some(7), 77_i64)));
        assert_eq!(decode::<i64>(List(b'u'), &narrowed), None);
        assert_eq!(decode::<i64>(List(b'u'), &cursor), None);
        assert_eq!(decode::<u128>(List(b'p'), &cursor), None);
        let (negative, zero) = (encode(List(b'p'), None, -1_i64), encode(List(b'p'), Some(1), 0_i64));
        for text in ["", "77", "AXA", "!!", &format!("{cursor}A"), &negative, &zero] {
            assert_eq!(decode::<i64>(List(b'p'), text), None, "{text:?}");
        }
        let cursor = encode(List(b's'), None, u128::MAX);
        assert_eq!(decode(List(b's'), &cursor), Some((None, u128::MAX)));
    }

    #[test]
    fn a_digest_knows_names_from_values() {
        let of = |parameters: &[(&'static str, &'static str)]| digest(parameters.iter().copied());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("a", "b")]), of(&[("a", "b")]));
        for other in [&[("a", "c")][..], &[("ab", "")], &[("a", ""), ("b", "")], &[("a", "b"), ("c", "d")]] {
            assert_ne!(of(&[("a", "b")]), of(other), "{other:?}");
        }
    }

    #[test]
    fn the_next_page_keeps_the_rest_of_the_query() {
        let here: Uri = "/posts?search=a%20b&after=old&limit=2".parse().unwrap();
        assert_eq!(next_link(&here, "new").unwrap(), "</posts?search=a%20b&limit=2&after=new>; rel=\"next\"");
        let here: Uri = "/posts?%61fter=old&after&afters=1".parse().unwrap();
        assert_eq!(next_link(&here, "new").unwrap(), "</posts?afters=1&after=new>; rel=\"next\"");
        let here: Uri = "/posts?search=\u{e4}".parse().unwrap();
        assert_eq!(next_link(&here, "new").unwrap(), "</posts?search=%C3%A4&after=new>; rel=\"next\"");
    }
}
