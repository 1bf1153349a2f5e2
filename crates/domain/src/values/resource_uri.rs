//! The services that tokens may be for.

use std::fmt;

use super::uris::{UriError, absolute};

/// A protected resource that tokens may be for (RFC 8707, section 2): an absolute URI without fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceUri(String);

impl ResourceUri {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`UriError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        absolute(text).map(|_| Self(text.to_owned()))
    }

    /// The URI as it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a request that asks for tokens for `resource` means this server, which `issuer` names. One slash at the end does not count.
pub fn is_own(resource: &str, issuer: &str) -> bool {
    let bare = |text: &'_ str| text.strip_suffix('/').unwrap_or(text).to_owned();
    bare(resource) == bare(issuer)
}

impl fmt::Display for ResourceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_an_absolute_uri_without_fragment() {
        for text in ["https://api.example.com", "https://api.example.com/v1", "urn:example:api"] {
            assert_eq!(ResourceUri::parse(text).map(|uri| uri.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "api", "https://api.example.com/#x", "https://api example"] {
            assert!(ResourceUri::parse(text).is_err(), "{text}");
        }
    }
}
