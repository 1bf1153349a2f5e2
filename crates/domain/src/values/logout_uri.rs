//! Where a client gets logout tokens for its ended sessions.

use std::fmt;

use super::uris::{RedirectKind, RedirectUri, UriError};

/// The URI to which logout tokens are sent (OpenID Connect Back-Channel Logout, section 2.2): `https` with a host, or `http` with
/// a loopback host. It has no fragment and no user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutUri(RedirectUri);

impl LogoutUri {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`UriError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let uri = RedirectUri::parse(text)?;
        if uri.kind() == RedirectKind::PrivateUse { Err(UriError::Unreachable) } else { Ok(Self(uri)) }
    }

    /// The URI as it was registered.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host, and the port where it is not the usual one, in lower case: what deliveries to one receiver have in common.
    pub fn receiver(&self) -> String {
        let origin = RedirectUri::origin(self.as_str()).to_ascii_lowercase();
        let usual = if origin.starts_with("https:") { ":443" } else { ":80" };
        let host = origin.rsplit('/').next().unwrap_or_default();
        host.strip_suffix(usual).unwrap_or(host).to_owned()
    }
}

impl fmt::Display for LogoutUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a client gets logout tokens for its ended sessions, if anywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backchannel(pub Option<LogoutUri>);

impl Backchannel {
    /// Checks `text`; empty text stands for nowhere.
    ///
    /// # Errors
    /// As [`LogoutUri::parse`].
    pub fn parse(text: &str) -> Result<Self, UriError> {
        if text.is_empty() { Ok(Self(None)) } else { LogoutUri::parse(text).map(Some).map(Self) }
    }

    /// The URI as it was registered; empty for nowhere.
    pub fn as_str(&self) -> &str {
        self.0.as_ref().map_or("", LogoutUri::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logout_uri_is_https_or_http_on_this_machine_and_names_its_receiver() {
        for (text, receiver) in [
            ("https://App.example.com/logout?x=/y", "app.example.com"),
            ("https://app.example.com:8443/logout", "app.example.com:8443"),
            ("https://app.example.com:443/logout", "app.example.com"),
            ("http://localhost:80", "localhost"),
            ("http://127.0.0.1:4000", "127.0.0.1:4000"),
            ("http://[::1]:4000/logout", "[::1]:4000"),
        ] {
            assert_eq!(LogoutUri::parse(text).unwrap().receiver(), receiver, "{text}");
        }
        for (text, error) in [
            ("com.example.app:/logout", UriError::Unreachable),
            ("http://app.example.com/logout", UriError::Insecure),
            ("https://ana@app.example.com/", UriError::Host),
            ("https://app.example.com/#top", UriError::Fragment),
        ] {
            assert_eq!(LogoutUri::parse(text), Err(error), "{text}");
        }
    }
}
