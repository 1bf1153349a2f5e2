//! Whether a browser asks.

use axum::http::{HeaderMap, header};

/// Whether a browser asks for a page: `text/html` is among what it accepts (RFC 9110, section 12.5.1).
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    let kinds = accepted.flat_map(|accept| accept.split(',')).map(|kind| kind.split(';').next());
    kinds.flatten().any(|kind| kind.trim().eq_ignore_ascii_case("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_accepts_pages_and_a_program_does_not() {
        let wants = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            wants_page(&headers)
        };
        for accept in ["text/html", "text/html,*/*;q=0.8", "application/xhtml+xml, Text/HTML;q=0.9"] {
            assert!(wants(accept), "{accept}");
        }
        for accept in ["", "*/*", "application/json", "text/*", "text/htmlx", "x;text/html"] {
            assert!(!wants(accept), "{accept}");
        }
        assert!(!wants_page(&HeaderMap::new()));
    }
}
