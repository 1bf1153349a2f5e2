//! Where a password or a token may go: over https, or to a loopback host, and to no other host than the one named.

use reqwest::Url;

use crate::Error;

/// A service's address, without a slash at its end.
#[derive(Clone, Debug)]
pub(crate) struct Address(Url);

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let url = Url::parse(text).map_err(|_| Error::Address)?;
        let bare = url.query().is_none() && url.fragment().is_none();
        let nameless = url.username().is_empty() && url.password().is_none();
        let private = url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url);
        if bare && nameless && private { Ok(Self(url)) } else { Err(Error::Address) }
    }

    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// As text, without a slash at its end.
    pub(crate) fn text(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The address of a path, which may have a query.
    pub(crate) fn join(&self, path: &str) -> Result<Url, Error> {
        let url = Url::parse(&format!("{}{path}", self.text()));
        let url = url.map_err(|_| Error::Address)?;
        // Without its slash a path could go on with the host's name.
        if path.starts_with('/') && url.origin() == self.0.origin() { Ok(url) } else { Err(Error::Address) }
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_over_https_or_stays_on_the_machine() {
        for good in
            ["https://a.example", "http://127.0.0.1:8000", "http://localhost:8000/", "http://[::1]:8000"]
        {
            assert!(Address::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://a.example",
            "http://10.0.0.1",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "ftp://127.0.0.1",
            "https://ana:secret@a.example",
            "https://a.example/?x",
            "a.example",
            "",
        ] {
            assert!(matches!(Address::parse(bad), Err(Error::Address)), "{bad}");
        }
    }

    #[test]
    fn a_path_stays_below_its_address() {
        let address = Address::parse("https://a.example/auth/").unwrap();
        assert_eq!(address.join("/posts?limit=2").unwrap().as_str(), "https://a.example/auth/posts?limit=2");
        let address = Address::parse("https://a.example").unwrap();
        for bad in ["posts", "", ".evil.example/", "@evil.example/", ":8443/"] {
            assert!(matches!(address.join(bad), Err(Error::Address)), "{bad}");
        }
        for inside in ["//evil.example/", "/\\evil.example", "/@evil.example"] {
            assert_eq!(address.join(inside).unwrap().host_str(), Some("a.example"), "{inside}");
        }
    }
}
