//! The URIs of OAuth2 clients: where answers may be sent.

use std::fmt;
use std::net::Ipv6Addr;

/// The greatest number of bytes of a URI.
pub const LONGEST: usize = 1000;

/// A redirect URI, or a URI to return to after a logout (RFC 6749, section 3.1.2; RFC 8252, section 7).
///
/// It is `https` with a host, `http` with a loopback host, or a private-use scheme with a dot in it, as in
/// `com.example.app:/callback`. It has no fragment and no user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    kind: RedirectKind,
}

/// How a redirect URI reaches its application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectKind {
    /// A web server of its own name.
    Web,
    /// A program that listens at a loopback address of the person's own machine.
    Loopback,
    /// A program that the operating system opens by a scheme.
    PrivateUse,
}

/// Why a URI is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// It is longer than [`LONGEST`].
    #[error("it must have at most 1000 bytes")]
    TooLong,
    /// It holds a character that no URI may have unescaped.
    #[error("it must be a URI without spaces, quotes and backslashes; escape other characters as %20")]
    Character,
    /// It has a fragment.
    #[error("it must not have a fragment, `#`")]
    Fragment,
    /// It is not absolute.
    #[error("it must be an absolute URI, as in https://app.example.com/callback")]
    Relative,
    /// The host is missing or malformed.
    #[error("it must have a plain host, without a user, as in https://app.example.com/callback")]
    Host,
    /// It is `http`, and its host is not this machine.
    #[error("with http the host must be 127.0.0.1, [::1] or localhost; use https for any other")]
    Insecure,
    /// The scheme has no dot.
    #[error("a scheme of its own must have a dot in it, as in com.example.app:/callback")]
    Scheme,
    /// The scheme is one of a program's own, where a server has to reach it.
    #[error("it must begin with https://, or with http:// on this machine")]
    Unreachable,
}

impl RedirectUri {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`UriError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let (scheme, rest) = absolute(text)?;
        let kind = match scheme {
            "https" | "http" => {
                let authority = rest.strip_prefix("//").ok_or(UriError::Host)?;
                let authority = authority.split(['/', '?']).next().unwrap_or_default();
                let host = host(authority).ok_or(UriError::Host)?;
                let loopback = ["127.0.0.1", "[::1]", "localhost"].contains(&host);
                match scheme {
                    "http" if !loopback => return Err(UriError::Insecure),
                    "http" => RedirectKind::Loopback,
                    _ => RedirectKind::Web,
                }
            }
            private if private.contains('.') => RedirectKind::PrivateUse,
            _ => return Err(UriError::Scheme),
        };
        Ok(Self { text: text.to_owned(), kind })
    }

    /// The URI as it was registered.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How it reaches its application.
    pub fn kind(&self) -> RedirectKind {
        self.kind
    }

    /// Whether `given` is this URI: byte for byte, but for the port of a loopback IP address (RFC 8252, section 7.3).
    pub fn matches(&self, given: &str) -> bool {
        if given == self.text {
            return true;
        }
        let loopback = ["http://127.0.0.1", "http://[::1]"].into_iter();
        let mut pairs =
            loopback.filter_map(|start| Some((self.text.strip_prefix(start)?, given.strip_prefix(start)?)));
        pairs.any(|(own, given)| match (without_port(own), without_port(given)) {
            (Some(own), Some(given)) => own == given,
            _ => false,
        })
    }

    /// What a policy of `form-action` has to name so that a form may end at `uri`, which [matches](Self::matches): its origin, or
    /// its scheme.
    pub fn origin(uri: &str) -> String {
        let (scheme, rest) = uri.split_once(':').unwrap_or((uri, ""));
        match rest.strip_prefix("//") {
            Some(rest) if matches!(scheme, "http" | "https") => {
                let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
                format!("{scheme}://{authority}")
            }
            _ => format!("{scheme}:"),
        }
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The scheme of an absolute URI without fragment, and what follows its colon.
pub(super) fn absolute(text: &str) -> Result<(&str, &str), UriError> {
    if text.len() > LONGEST {
        return Err(UriError::TooLong);
    }
    let plain = |byte: u8| byte.is_ascii_graphic() && !br#""'<>\^`{|}"#.contains(&byte);
    if !text.bytes().all(plain) {
        return Err(UriError::Character);
    }
    if text.contains('#') {
        return Err(UriError::Fragment);
    }
    let (scheme, rest) = text.split_once(':').ok_or(UriError::Relative)?;
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase()) && scheme.bytes().all(allowed);
    if is_scheme && !rest.is_empty() { Ok((scheme, rest)) } else { Err(UriError::Relative) }
}

/// The host of `host [":" port]`.
fn host(authority: &str) -> Option<&str> {
    let end = match authority.strip_prefix('[') {
        Some(rest) => {
            let inner = rest.split(']').next()?;
            inner.parse::<Ipv6Addr>().ok()?;
            inner.len() + 2
        }
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at_checked(end)?;
    let name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let sound = host.starts_with('[') || (!host.is_empty() && host.bytes().all(name));
    let has_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    (sound && has_port).then_some(host)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// What follows an authority, without the port in front of it; `None` where the authority goes on otherwise.
fn without_port(text: &str) -> Option<&str> {
    let end = text.find(['/', '?']).unwrap_or(text.len());
    let (port, rest) = text.split_at(end);
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_is_https_or_loopback_or_a_scheme_with_a_dot() {
        for (text, kind) in [
            ("https://app.example.com/callback", RedirectKind::Web),
            ("https://app.example.com:8443/a?b=c", RedirectKind::Web),
            ("https://[2001:db8::1]/", RedirectKind::Web),
            ("http://127.0.0.1/callback", RedirectKind::Loopback),
            ("http://127.0.0.1:4000/callback", RedirectKind::Loopback),
            ("http://[::1]:4000", RedirectKind::Loopback),
            ("http://localhost:3000/callback", RedirectKind::Loopback),
            ("com.example.app:/callback", RedirectKind::PrivateUse),
            ("com.example.app://callback", RedirectKind::PrivateUse),
        ] {
            assert_eq!(RedirectUri::parse(text).map(|uri| uri.kind()), Ok(kind), "{text}");
        }
        for (text, error) in [
            ("", UriError::Relative),
            ("/callback", UriError::Relative),
            ("app.example.com/callback", UriError::Relative),
            ("HTTPS://app.example.com/", UriError::Relative),
            ("https:", UriError::Relative),
            ("https:/callback", UriError::Host),
            ("https://", UriError::Host),
            ("https:///callback", UriError::Host),
            ("https://ana@app.example.com/", UriError::Host),
            ("https://app.example.com:x/", UriError::Host),
            ("https://app.example.com:99999/", UriError::Host),
            ("https://[zz]/", UriError::Host),
            ("https://app.example.com/#top", UriError::Fragment),
            ("https://app.example.com/a b", UriError::Character),
            ("https://app.example.com/\"x", UriError::Character),
            ("https://app.example.com\\@evil.example/", UriError::Character),
            ("https://äpp.example/", UriError::Character),
            ("http://app.example.com/", UriError::Insecure),
            ("http://localhost.evil/", UriError::Insecure),
            ("http://127.0.0.1.evil/", UriError::Insecure),
            ("http://127.0.0.2/", UriError::Insecure),
            ("javascript:alert(1)", UriError::Scheme),
            ("data:text/html,x", UriError::Scheme),
            ("myapp://callback", UriError::Scheme),
        ] {
            assert_eq!(RedirectUri::parse(text), Err(error), "{text}");
        }
        let long = format!("https://a.example/{}", "x".repeat(LONGEST));
        assert_eq!(RedirectUri::parse(&long), Err(UriError::TooLong));
    }

    #[test]
    fn nothing_but_the_port_of_a_loopback_address_is_free() {
        let uri = |text| RedirectUri::parse(text).unwrap();
        for own in ["http://127.0.0.1/cb?x=1", "http://127.0.0.1:80/cb?x=1"] {
            for given in ["http://127.0.0.1/cb?x=1", "http://127.0.0.1:51004/cb?x=1"] {
                assert!(uri(own).matches(given), "{own} {given}");
            }
            for given in [
                "http://127.0.0.1:51004/cb",
                "http://127.0.0.1:51004/cb?x=1&y",
                "http://127.0.0.1:51004/CB?x=1",
                "http://127.0.0.1:51004/cb/?x=1",
                "http://127.0.0.1:/cb?x=1",
                "http://127.0.0.1:99999/cb?x=1",
                "http://127.0.0.1:1@evil.example/cb?x=1",
                "http://127.0.0.1.evil.example/cb?x=1",
                "http://127.0.0.10/cb?x=1",
                "http://localhost:51004/cb?x=1",
                "http://[::1]:51004/cb?x=1",
                "https://127.0.0.1:51004/cb?x=1",
            ] {
                assert!(!uri(own).matches(given), "{own} {given}");
            }
        }
        assert!(uri("http://[::1]/cb").matches("http://[::1]:4/cb"));
        for (own, given) in [
            ("http://localhost:3000/cb", "http://localhost:3001/cb"),
            ("https://app.example.com/cb", "https://app.example.com:443/cb"),
            ("https://app.example.com/cb", "https://APP.example.com/cb"),
            ("https://app.example.com/cb", "https://app.example.com/cb/"),
            ("https://app.example.com/cb", "https://app.example.com/cb?"),
            ("com.example.app:/cb", "com.example.app://cb"),
        ] {
            assert!(!uri(own).matches(given), "{own} {given}");
        }
    }

    #[test]
    fn a_policy_names_the_origin_or_the_scheme() {
        for (uri, origin) in [
            ("https://app.example.com/cb?x=/", "https://app.example.com"),
            ("http://127.0.0.1:4000?x", "http://127.0.0.1:4000"),
            ("com.example.app:/cb", "com.example.app:"),
        ] {
            assert_eq!(RedirectUri::origin(uri), origin);
        }
    }
}
