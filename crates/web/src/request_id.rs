//! Request ids: one name for a request in answers, logs and errors.

use std::cell::RefCell;
use std::fmt;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use keyward_guard::{Random, SystemRandom};

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Random bytes that a thread draws at once: a draw for each request would cost more than all the rest of an id.
const POOL: usize = 4096;

thread_local! {
    static RANDOM: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL], left: 0 }) };
}

/// Random bytes, of which the first `left` are unused.
struct Pool {
    bytes: [u8; POOL],
    left: usize,
}

impl Pool {
    fn take(&mut self) -> [u8; 16] {
        if self.left == 0 {
            SystemRandom.fill(&mut self.bytes);
            self.left = POOL;
        }
        self.left -= 16;
        let mut taken = [0; 16];
        taken.copy_from_slice(&self.bytes[self.left..self.left + 16]);
        taken
    }
}

/// Maximum number of characters of an id.
const LONGEST: usize = 64;

/// The id of a request, which stands among the request's extensions. A name, not a secret. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestId {
    /// ASCII, padded with zeros.
    text: [u8; LONGEST],
    length: usize,
}

impl RequestId {
    /// The header that carries it, in requests and answers.
    pub const HEADER: HeaderName = HEADER;

    /// The id that the request came with, if it can be one: 1 to 64 of `A-Z a-z 0-9 - _ .`
    pub fn sent(headers: &HeaderMap) -> Option<Self> {
        let sent = headers.get(&HEADER)?.as_bytes();
        let plain = sent.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
        ((1..=LONGEST).contains(&sent.len()) && plain).then(|| Self::of(sent))
    }

    /// An id of these bytes, at most [`LONGEST`].
    fn of(bytes: &[u8]) -> Self {
        let mut text = [0; LONGEST];
        text[..bytes.len()].copy_from_slice(bytes);
        Self { text, length: bytes.len() }
    }

    /// A new id: a random UUID (RFC 9562, version 4).
    pub fn new() -> Self {
        Self::version_4(RANDOM.with_borrow_mut(Pool::take))
    }

    fn version_4(mut bytes: [u8; 16]) -> Self {
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut text = [b'-'; 36];
        let mut place = 0;
        for (index, byte) in bytes.into_iter().enumerate() {
            // A hyphen stands before these.
            place += usize::from(matches!(index, 4 | 6 | 8 | 10));
            text[place] = DIGITS[usize::from(byte >> 4)];
            text[place + 1] = DIGITS[usize::from(byte & 0x0f)];
            place += 2;
        }
        Self::of(&text)
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..self.length]).unwrap_or_default()
    }

    /// The value of the header.
    pub fn header(&self) -> HeaderValue {
        // Plain ASCII, however it was made.
        HeaderValue::from_bytes(&self.text[..self.length]).unwrap_or(HeaderValue::from_static("none"))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestId").field(&self.as_str()).finish()
    }
}

impl Default for RequestId {
    /// A new one.
    fn default() -> Self {
        Self::new()
    }
}

/// Gives every request an id, for `axum::middleware::from_fn`: the one it came with in `X-Request-Id`, or a
/// new one. The answer carries it, too.
pub async fn request_ids(mut request: Request, next: Next) -> Response {
    let id = RequestId::sent(request.headers()).unwrap_or_default();
    let header = id.header();
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    response.headers_mut().insert(HEADER, header);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_id_is_a_random_uuid() {
        assert_eq!(RequestId::version_4([0xff; 16]).as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        let counting = std::array::from_fn(|byte| u8::try_from(byte).unwrap() * 0x11);
        assert_eq!(RequestId::version_4(counting).as_str(), "00112233-4455-4677-8899-aabbccddeeff");
        let ids: std::collections::HashSet<_> =
            (0..3 * POOL / 16).map(|_| RequestId::new().as_str().to_owned()).collect();
        assert_eq!(ids.len(), 3 * POOL / 16, "no bytes are used twice");
    }

    #[test]
    fn an_id_that_was_sent_is_short_and_plain() {
        let sent = |text: &str| {
            let value = HeaderValue::from_str(text).unwrap();
            RequestId::sent(&HeaderMap::from_iter([(HEADER, value)]))
        };
        assert_eq!(sent("a-1_.Z").unwrap().as_str(), "a-1_.Z");
        for text in ["", "a b", "a\"", &"a".repeat(65)] {
            assert_eq!(sent(text), None, "{text}");
        }
    }
}
