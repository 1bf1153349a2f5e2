//! Headers that few requests carry and the boundary acts on.

use axum::http::{HeaderMap, HeaderName, header};
use keyward_web::RequestId;

/// The header of a proof (RFC 9449, section 4).
pub(crate) const PROOF: HeaderName = HeaderName::from_static("dpop");

/// Which of these headers a request carries, found in one pass. Four look-ups would cost more than the pass.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub(crate) struct Rare {
    /// `X-Request-Id`, valid or not.
    pub(crate) id: bool,
    /// `Transfer-Encoding`: a body without a length.
    pub(crate) in_chunks: bool,
    /// `DPoP`: a proof of possession (RFC 9449).
    pub(crate) proven: bool,
    /// `Origin`: a browser sent the request for a page.
    pub(crate) from_page: bool,
}

impl Rare {
    /// Looks through the headers of a request.
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
