//! Whether the browser says that a form came from a page of this service. The form's token decides; this refuses what a browser itself
//! calls foreign, before anything is looked up.

use axum::http::{HeaderMap, Uri, header};

/// Whether `Sec-Fetch-Site` and `Origin` (Fetch Metadata; RFC 6454) admit a form. Old browsers and programs send neither. `public` is the
/// issuer that is set; without one the origin's host has to be that of the request.
pub(crate) fn admits(headers: &HeaderMap, authority: Option<&str>, public: Option<&str>) -> bool {
    let site = text(headers, "sec-fetch-site");
    match site {
        None | Some("same-origin" | "none") => {}
        Some(_) => return false,
    }
    match text(headers, header::ORIGIN.as_str()) {
        None => !headers.contains_key(header::ORIGIN),
        // From a page that sends no referrer. The browser says that it is ours, or nothing.
        Some("null") => site == Some("same-origin"),
        Some(origin) => is_ours(origin, headers, authority, public),
    }
}

fn is_ours(origin: &str, headers: &HeaderMap, authority: Option<&str>, public: Option<&str>) -> bool {
    let Ok(origin) = origin.parse::<Uri>() else { return false };
    let (Some(scheme), Some(host)) = (origin.scheme_str(), origin.authority()) else { return false };
    let same = |other: &str| host.as_str().eq_ignore_ascii_case(other);
    let sent = authority.or_else(|| text(headers, header::HOST.as_str()));
    match public.and_then(|public| public.parse::<Uri>().ok()) {
        // The issuer's, or the address that the request was sent to: for a service that is reached in two ways.
        Some(public) => {
            public.scheme_str() == Some(scheme)
                && public.authority().is_some_and(|public| same(public.as_str()))
                || sent.is_some_and(same)
        }
        None => sent.is_some_and(same),
    }
}

/// The only field of a name.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut fields = headers.get_all(name).iter();
    match (fields.next(), fields.next()) {
        (Some(field), None) => field.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn admitted(fields: &[(&str, &str)], public: Option<&str>) -> bool {
        let field = |(name, value): &(&str, &str)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        };
        let headers: HeaderMap = fields.iter().map(field).collect();
        admits(&headers, None, public)
    }

    #[test]
    fn a_form_of_another_site_or_origin_is_refused() {
        let host = ("host", "id.example:8000");
        for (fields, admits) in [
            (&[host][..], true),
            (&[host, ("sec-fetch-site", "same-origin"), ("origin", "https://id.example:8000")], true),
            (&[host, ("sec-fetch-site", "none")], true),
            (&[host, ("origin", "http://ID.example:8000")], true),
            (&[host, ("sec-fetch-site", "same-origin"), ("origin", "null")], true),
            (&[host, ("origin", "null")], false),
            (&[host, ("sec-fetch-site", "cross-site")], false),
            (&[host, ("sec-fetch-site", "same-site"), ("origin", "https://id.example:8000")], false),
            (&[host, ("origin", "https://evil.example")], false),
            (&[host, ("origin", "https://id.example:8001")], false),
            (&[host, ("origin", "https://id.example:8000.evil.example")], false),
            (&[host, ("origin", "")], false),
        ] {
            assert_eq!(admitted(fields, None), admits, "{fields:?}");
        }
        let public = Some("https://host.example/auth");
        assert!(admitted(&[("host", "10.0.0.1"), ("origin", "https://host.example")], public));
        assert!(!admitted(&[("host", "10.0.0.1"), ("origin", "http://host.example")], public));
        assert!(!admitted(&[("host", "10.0.0.1"), ("origin", "https://other.example")], public));
    }
}
