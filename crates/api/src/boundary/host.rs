//! What may stand where a URL or a `Host` header names a host.

use std::net::Ipv6Addr;

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{Version, header};

/// `host [":" port]` (RFC 3986, section 3.2; RFC 9112, section 3.2): a host that is not empty and no user before it.
/// The port is digits, or nothing behind its colon.
pub(crate) fn is_host(text: &[u8]) -> bool {
    if is_plain(text) {
        return true;
    }
    let Ok(authority) = Authority::try_from(text) else { return false };
    let text = authority.as_str();
    let bracketed = text.strip_prefix('[').and_then(|text| text.split_once(']'));
    let (is_sound, rest) = if let Some((address, rest)) = bracketed {
        (address.parse::<Ipv6Addr>().is_ok(), rest)
    } else {
        let (name, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
        (!name.is_empty() && !name.contains(['@', '[', ']']), rest)
    };
    let port = rest.strip_prefix(':').or(rest.is_empty().then_some(""));
    is_sound && port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether it is a name of letters, digits, hyphens and dots, or an IPv4 address, and perhaps a port: what nearly every request has.
fn is_plain(text: &[u8]) -> bool {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let name = text.iter().take_while(|byte| is_of_name(byte)).count();
    let (name, port) = text.split_at(name);
    let is_port = |port: &[u8]| port[0] == b':' && port[1..].iter().all(u8::is_ascii_digit);
    !name.is_empty() && (port.is_empty() || is_port(port))
}

/// RFC 9112, section 3.2: exactly one `Host`, and a valid one, even beside an absolute target; HTTP/1.0 may
/// go without. RFC 9113, section 8.3.1: in HTTP/2 the target's authority stands for it.
pub(crate) fn host_is_sound(request: &Request) -> bool {
    let authority = request.uri().authority().filter(|_| request.version() >= Version::HTTP_2);
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if request.version() == Version::HTTP_10 => true,
        (None, _) => authority.is_some_and(|authority| is_host(authority.as_str().as_bytes())),
        (Some(host), None) => is_host(host.as_bytes()),
        (Some(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn sound(version: Version, target: &str, hosts: &[&str]) -> bool {
        let mut request = Request::builder().version(version).uri(target);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        host_is_sound(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        for host in [
            "localhost",
            "a_b.example",
            "a-b.example.",
            "example.com:",
            "127.0.0.1:8000",
            "[::1]",
            "[::1]:8000",
        ] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn whatever_else_stands_there_is_refused() {
        for host in [
            "",
            ":",
            ":80",
            "a:x",
            "a:80:80",
            "a:-1",
            "a:+1",
            "[]",
            "[zz]",
            "[::1",
            "[::1]x",
            "[::1]:x",
            "[127.0.0.1]",
            "::1",
            "a[::1]",
            "user@a",
            "user@a:80",
            "user:1@a:80",
            "[::1]@a",
            "@a",
            "a/b",
            "a b",
            "a?b",
            "\u{fc}",
        ] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn a_request_says_whom_it_is_for() {
        let absolute = "https://a.example/x";
        assert!(sound(Version::HTTP_10, "/x", &[]));
        assert!(sound(Version::HTTP_11, "/x", &["a.example"]));
        assert!(!sound(Version::HTTP_11, "/x", &[]));
        assert!(!sound(Version::HTTP_11, absolute, &[]), "not even beside an absolute target");
        assert!(!sound(Version::HTTP_11, "/x", &["a.example", "a.example"]));
        assert!(sound(Version::HTTP_2, absolute, &[]));
        assert!(sound(Version::HTTP_2, "/x", &["a.example"]), "an intermediary may have translated it");
        assert!(!sound(Version::HTTP_2, "/x", &[]));
        assert!(!sound(Version::HTTP_2, absolute, &["a b"]));
    }
}
