//! Pages on the wire: `?limit=` and an opaque `?after=` in, a bare array and `Link: <..>; rel="next"` out.

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_domain::page::{DEFAULT_LIMIT, MAX_LIMIT, Page, Slice};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

use super::fault::Flaw;
use super::fields::Fields;
use super::form;
use super::query::Here;
use super::read;

/// Which list a cursor belongs to: one made by another is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum List {
    /// Accounts.
    Users = b'u',
    /// Posts.
    Posts = b'p',
    /// Categories.
    Categories = b'c',
    /// Products.
    Products = b'r',
    /// Orders.
    Orders = b'o',
}

const VERSION: u8 = 1;

fn encode(list: List, id: i64) -> String {
    let mut bytes = vec![VERSION, list as u8];
    bytes.extend(id.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(list: List, text: &str) -> Option<i64> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let id = bytes.strip_prefix(&[VERSION, list as u8])?;
    Some(i64::from_be_bytes(id.try_into().ok()?)).filter(|id| *id > 0)
}

/// The page that `fields` ask for, of `list`.
pub fn page(fields: &mut Fields<'_>, list: List) -> Option<Page> {
    let limit = fields.optional("limit", |value| read::between(value, 1, MAX_LIMIT.into()));
    let after = fields.optional("after", |value| {
        decode(list, read::string(value)?).ok_or_else(|| Flaw::value("this cursor was not made by this list"))
    });
    let limit = limit?.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT);
    Some(Page { limit, after: after? })
}

/// One page of a list, as an answer.
pub struct Listing<T> {
    items: Vec<T>,
    next: Option<HeaderValue>,
}

impl<T> Listing<T> {
    /// The answer to a request that went `here`.
    pub fn new<D: Into<T>>(slice: Slice<D>, list: List, here: &Here) -> Self {
        let next = slice.next.and_then(|id| next_link(here, &encode(list, id)));
        Self { items: slice.items.into_iter().map(Into::into).collect(), next }
    }
}

/// What would end a link early. Everything beyond ASCII is escaped as well.
const FOREIGN: &AsciiSet = &CONTROLS.add(b'<').add(b'>').add(b'"').add(b' ');

/// The same request, with another cursor.
fn next_link(Here(uri): &Here, cursor: &str) -> Option<HeaderValue> {
    let others = uri.query().unwrap_or_default().split('&');
    let mut query: Vec<&str> = others.filter(|pair| !pair.is_empty() && !is_cursor(pair)).collect();
    let after = format!("after={cursor}");
    query.push(&after);
    let target = format!("{}?{}", uri.path(), query.join("&"));
    // A request may come with characters that no address has (RFC 3986); a link must not.
    let target = utf8_percent_encode(&target, FOREIGN);
    HeaderValue::try_from(format!("<{target}>; rel=\"next\"")).ok()
}

/// Whether this is the cursor of the page before, however its name is escaped.
fn is_cursor(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    form::decode(name.as_bytes()).is_some_and(|name| name == "after")
}

impl<T: Serialize> IntoResponse for Listing<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.items).into_response();
        if let Some(next) = self.next {
            response.headers_mut().insert(header::LINK, next);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_own_list_only() {
        let cursor = encode(List::Posts, 77);
        assert_eq!(decode(List::Posts, &cursor), Some(77));
        assert_eq!(decode(List::Users, &cursor), None);
        for text in
            ["", "77", "AXA", "!!", &format!("{cursor}A"), &encode(List::Posts, -1), &encode(List::Posts, 0)]
        {
            assert_eq!(decode(List::Posts, text), None, "{text:?}");
        }
    }

    #[test]
    fn the_next_page_keeps_the_rest_of_the_query() {
        let here = Here("/posts?search=a%20b&after=old&limit=2".parse().unwrap());
        assert_eq!(next_link(&here, "new").unwrap(), "</posts?search=a%20b&limit=2&after=new>; rel=\"next\"");
        let here = Here("/posts?%61fter=old&after&afters=1".parse().unwrap());
        assert_eq!(next_link(&here, "new").unwrap(), "</posts?afters=1&after=new>; rel=\"next\"");
        let here = Here("/posts?search=\u{e4}".parse().unwrap());
        assert_eq!(next_link(&here, "new").unwrap(), "</posts?search=%C3%A4&after=new>; rel=\"next\"");
    }
}
