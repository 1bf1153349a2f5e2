//! What an issuer may be.

use std::sync::Arc;

use axum::http::Uri;

use crate::boundary::host::is_host;

/// This service's public address, which access tokens name as their issuer.
#[derive(Clone)]
pub struct Issuer(pub Arc<str>);

/// RFC 8414, section 2: a URL of http or https without query and fragment. Links in mails and redirects begin with it or with its
/// path, and what reads them must not see a user or another host in it.
pub(super) fn issuer(text: &str) -> Result<String, String> {
    let words = "it must be an http or https URL with a host, as in https://login.example.com, \
                 without user, query, fragment and spaces, and with a plain path if any, as in /auth";
    // A `Uri` drops its fragment and lets bytes beyond ASCII pass.
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.contains('#');
    let uri = text.parse::<Uri>().ok().filter(|_| plain).ok_or(words)?;
    let sound = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.authority().is_some_and(|authority| is_host(authority.as_str().as_bytes()))
        && uri.query().is_none()
        && is_plain(uri.path());
    if sound { Ok(text.to_owned()) } else { Err(words.to_owned()) }
}

/// Whether every program reads a path the same way: no empty segment but at its end, no `.` and no `..`, and the characters of RFC 3986,
/// section 3.3.
fn is_plain(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@".contains(&byte);
    path.split('/').skip(1).all(|segment| {
        // The router takes a segment that begins with one of these for a pattern.
        let literal = !segment.starts_with([':', '*']);
        literal && !["", ".", ".."].contains(&segment) && segment.bytes().all(allowed)
    })
}

/// What authenticator apps show: the host of the issuer's address, and its port where it has one.
pub(crate) fn shown_issuer(issuer: &str) -> &str {
    let host = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    host.split('/').next().unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::issuer;

    #[test]
    fn an_issuer_is_kept_as_it_is_written() {
        for text in [
            "http://127.0.0.1:8000",
            "http://[::1]:8000",
            "https://login.example.com",
            "https://login.example.com/",
            "https://example.com/auth/",
            "https://example.com/a/b%20c~d",
            "http://keyward",
        ] {
            assert_eq!(issuer(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_names_no_service_is_no_issuer() {
        for text in [
            "",
            "keyward",
            "example.com",
            "/auth",
            "ftp://example.com",
            "http://",
            "http:///auth",
            "https://:443",
            "https://[zz]",
            "https://ana@example.com",
            "https://example.com?",
            "https://example.com/?x=1",
            "https://example.com/#top",
            "https://example.com/a b",
            "https://example.com//evil.example",
            "https://example.com/auth//",
            "https://example.com/../auth",
            "https://example.com/./auth",
            "https://example.com/{auth}",
            "https://example.com/a\\b",
            " https://example.com",
            "https://example.com/\u{fc}",
        ] {
            assert!(issuer(text).is_err(), "{text:?}");
        }
    }
}
