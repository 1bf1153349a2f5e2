//! Static files that the program contains and sends as gzip, at about a third of their size.

use std::io::Read;
use std::sync::OnceLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;

/// A file, compressed with gzip (RFC 1952).
pub(super) struct Packed {
    content_type: &'static str,
    bytes: &'static [u8],
    unpacked: OnceLock<Bytes>,
}

impl Packed {
    /// A file from its compressed bytes.
    pub(super) const fn new(content_type: &'static str, bytes: &'static [u8]) -> Self {
        Self { content_type, bytes, unpacked: OnceLock::new() }
    }

    /// The answer to a request with these headers: compressed if `Accept-Encoding` names gzip, as browsers do. Otherwise uncompressed, from a
    /// copy made at the first such request.
    pub(super) fn answer(&self, request: &HeaderMap) -> Response {
        let vary = [(header::VARY, "Accept-Encoding")];
        if takes_gzip(request) {
            let encoding = [(header::CONTENT_ENCODING, "gzip")];
            return (vary, encoding, asset(self.content_type, self.bytes.into())).into_response();
        }
        let bytes = self.unpacked.get_or_init(|| unpacked(self.bytes)).clone();
        (vary, asset(self.content_type, bytes)).into_response()
    }
}

/// The answer with a static file, which caches may keep for an hour.
pub(super) fn asset(content_type: &'static str, bytes: Bytes) -> Response {
    let headers = [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, bytes).into_response()
}

fn unpacked(packed: &[u8]) -> Bytes {
    let mut bytes = Vec::new();
    // Never fails: a test decompresses every file of the program.
    drop(GzDecoder::new(packed).read_to_end(&mut bytes));
    bytes.into_boxed_slice().into()
}

/// Whether `Accept-Encoding` names gzip with a weight above 0 (RFC 9110, section 12.5.3).
fn takes_gzip(request: &HeaderMap) -> bool {
    let fields = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|field| field.to_str().ok());
    fields.flat_map(|field| field.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        is_gzip && weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::super::docs::{REDOC_BUNDLE, SWAGGER_BUNDLE, SWAGGER_BUNDLE_STYLE};
    use super::*;

    #[tokio::test]
    async fn every_file_is_whole_packed_or_not() {
        for file in [&SWAGGER_BUNDLE, &SWAGGER_BUNDLE_STYLE, &REDOC_BUNDLE] {
            let plain = file.answer(&HeaderMap::new());
            assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
            let plain = axum::body::to_bytes(plain.into_body(), usize::MAX).await.unwrap();
            let mut unpacked = String::new();
            GzDecoder::new(file.bytes)
                .read_to_string(&mut unpacked)
                .expect("the whole file, with its checksum");
            assert!(plain == unpacked && unpacked.len() > 3 * file.bytes.len());
            let takes =
                HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"))]);
            let packed = file.answer(&takes);
            assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
            assert_eq!(axum::body::to_bytes(packed.into_body(), usize::MAX).await.unwrap(), file.bytes);
        }
    }

    #[test]
    fn gzip_is_taken_where_it_is_named_and_not_refused() {
        let takes = |fields: &[&'static str]| {
            let fields =
                fields.iter().map(|field| (header::ACCEPT_ENCODING, HeaderValue::from_static(field)));
            takes_gzip(&fields.collect())
        };
        for fields in [&["gzip"][..], &["deflate, GZIP;q=0.5, br"], &["br", "gzip ; q=1"]] {
            assert!(takes(fields), "{fields:?}");
        }
        for fields in
            [&[][..], &[""], &["identity"], &["gzip;q=0"], &["br, gzip;q=0.0", "gzip;x=1; q=0"], &["gzipped"]]
        {
            assert!(!takes(fields), "{fields:?}");
        }
    }
}
