//! Whether a browser asks.

use axum::http::{HeaderMap, header};

/// Whether a browser asks for a page: `text/html` is among what it accepts (RFC 9110, section 12.5.1), and `application/json` is not named
/// before it.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    let named = accepted.flat_map(|accept| accept.split(',')).filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next()?.to_ascii_lowercase();
        // A weight of nothing is a refusal.
        let refused = |part: &str| {
            part.strip_prefix("q=")
                .is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0))
        };
        (!parts.any(refused)).then_some(kind)
    });
    let first = named.into_iter().find(|kind| kind == "text/html" || kind == "application/json");
    first.is_some_and(|kind| kind == "text/html")
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
        for accept in [
            "",
            "*/*",
            "application/json",
            "text/*",
            "text/htmlx",
            "x;text/html",
            "text/html;q=0",
            "text/html; q=0.0, */*",
            "application/json, text/html;q=0.1",
        ] {
            assert!(!wants(accept), "{accept}");
        }
        assert!(!wants_page(&HeaderMap::new()));
    }
}
