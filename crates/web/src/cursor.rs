//! Cursors: where in which list a page begins, opaque to clients, and the link to the next page.

use axum::http::{HeaderValue, Uri};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::form;

/// A list, by the byte that its cursors carry: a cursor of another list is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List(pub u8);

const VERSION: u8 = 1;

/// The cursor of the rows after `id`.
pub(crate) fn encode(list: List, id: i64) -> String {
    let mut bytes = vec![VERSION, list.0];
    bytes.extend(id.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The id that a cursor of this list was made of.
pub(crate) fn decode(list: List, text: &str) -> Option<i64> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let id = bytes.strip_prefix(&[VERSION, list.0])?;
    Some(i64::from_be_bytes(id.try_into().ok()?)).filter(|id| *id > 0)
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
        let cursor = encode(List(b'p'), 77);
        assert_eq!(decode(List(b'p'), &cursor), Some(77));
        assert_eq!(decode(List(b'u'), &cursor), None);
        for text in
            ["", "77", "AXA", "!!", &format!("{cursor}A"), &encode(List(b'p'), -1), &encode(List(b'p'), 0)]
        {
            assert_eq!(decode(List(b'p'), text), None, "{text:?}");
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
