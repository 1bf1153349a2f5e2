//! Request ids: one name for a request in answers, logs and errors.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use keyward_guard::{Random, SystemRandom};

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, which stands among the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

impl RequestId {
    /// The header that carries it, in requests and answers.
    pub const HEADER: HeaderName = HEADER;

    /// The id that the request came with, if it can be one: 1 to 64 of `A-Z a-z 0-9 - _ .`
    pub fn sent(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(&HEADER)?.to_str().ok()?;
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        ((1..=64).contains(&text.len()) && plain).then(|| Self(text.to_owned()))
    }

    /// A new id: a random UUID (RFC 9562, version 4).
    pub fn new(random: &dyn Random) -> Self {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        let number = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0b11 << 62) | 0x4 << 76 | 0b10 << 62;
        let hex = format!("{number:032x}");
        let groups = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        Self(groups.join("-"))
    }

    /// The value of the header.
    pub fn header(&self) -> HeaderValue {
        HeaderValue::try_from(&self.0).unwrap_or(HeaderValue::from_static("none"))
    }
}

/// Gives every request an id, for `axum::middleware::from_fn`: the one it came with in `X-Request-Id`, or a
/// new one. The answer carries it, too.
pub async fn request_ids(mut request: Request, next: Next) -> Response {
    let id = RequestId::sent(request.headers()).unwrap_or_else(|| RequestId::new(&SystemRandom));
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
        struct Ones;
        impl Random for Ones {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(0xff);
            }
        }
        assert_eq!(RequestId::new(&Ones).0, "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn an_id_that_was_sent_is_short_and_plain() {
        let sent = |text: &str| {
            let value = HeaderValue::from_str(text).unwrap();
            RequestId::sent(&HeaderMap::from_iter([(HEADER, value)]))
        };
        assert_eq!(sent("a-1_.Z"), Some(RequestId("a-1_.Z".to_owned())));
        for text in ["", "a b", "a\"", &"a".repeat(65)] {
            assert_eq!(sent(text), None, "{text}");
        }
    }
}
