//! What few requests have, and the boundary has to know.

use axum::http::{HeaderMap, HeaderName, header};
use keyward_web::RequestId;

/// The header of a proof (RFC 9449, section 4).
pub(crate) const PROOF: HeaderName = HeaderName::from_static("dpop");

/// Headers that few requests have, found in one walk: to look up each would cost every request as much as all of them.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub(crate) struct Rare {
    /// An id of the caller's.
    pub(crate) id: bool,
    /// A body without a length.
    pub(crate) in_chunks: bool,
    /// A proof of a key (RFC 9449).
    pub(crate) proven: bool,
    /// An origin: a browser sent it for a page.
    pub(crate) from_page: bool,
}

impl Rare {
    /// What these headers have of them.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut rare = Self::default();
        for name in headers.keys() {
            rare.id |= *name == RequestId::HEADER;
            rare.in_chunks |= *name == header::TRANSFER_ENCODING;
            rare.proven |= *name == PROOF;
            rare.from_page |= *name == header::ORIGIN;
        }
        rare
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn each_is_found_whatever_stands_beside_it() {
        let of = |names: &[&'static str]| {
            let fields = names.iter().map(|name| (name.parse().unwrap(), HeaderValue::from_static("x")));
            let Rare { id, in_chunks, proven, from_page } = Rare::of(&fields.collect());
            [id, in_chunks, proven, from_page]
        };
        assert_eq!(of(&["host", "authorization", "accept", "x-request", "cookie"]), [false; 4]);
        let names = ["X-Request-Id", "Transfer-Encoding", "DPoP", "Origin"];
        for (place, name) in names.into_iter().enumerate() {
            assert_eq!(of(&["host", name, "accept"]), std::array::from_fn(|index| index == place), "{name}");
        }
        assert_eq!(of(&names), [true; 4]);
    }
}
