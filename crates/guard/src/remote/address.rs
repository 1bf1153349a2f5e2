//! Which addresses are asked: `https`, or `http` on the machine itself, so that no attacker on the network can inject keys.

use reqwest::Url;

use super::RemoteError;

/// An issuer's address, and where its metadata may be.
#[derive(Clone, Debug)]
pub(super) struct Issuer {
    /// As it was given: this is what `iss` has to be.
    pub(super) name: String,
    url: Url,
}

impl Issuer {
    pub(super) fn parse(name: &str) -> Result<Self, RemoteError> {
        let url = Url::parse(name).map_err(|_| refused(name, "it is no URL"))?;
        secure(&url).map_err(|reason| refused(name, reason))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused(name, "an issuer has neither a query nor a fragment"));
        }
        Ok(Self { name: name.to_owned(), url })
    }

    /// Whether it is on this machine, where `http` will do.
    pub(super) fn is_local(&self) -> bool {
        is_loopback(&self.url)
    }

    /// Where its metadata is, most likely first: RFC 8414, section 3.1, OpenID Connect Discovery, section 4, and for an issuer with a
    /// path RFC 8414's document below that path, where a proxy hands on nothing else of the host.
    pub(super) fn metadata(&self) -> Vec<Url> {
        let path = self.url.path().trim_end_matches('/');
        let at = |path: String| {
            let mut url = self.url.clone();
            url.set_path(&path);
            url
        };
        let mut places = vec![
            at(format!("/.well-known/oauth-authorization-server{path}")),
            at(format!("{path}/.well-known/openid-configuration")),
        ];
        if !path.is_empty() {
            places.push(at(format!("{path}/.well-known/oauth-authorization-server")));
        }
        places
    }

    /// An address that the issuer names in its metadata. One on the internet cannot send us to this machine.
    pub(super) fn endpoint(&self, text: &str) -> Result<Url, RemoteError> {
        let url = Url::parse(text).map_err(|_| refused(text, "it is no URL"))?;
        secure(&url).map_err(|reason| refused(text, reason))?;
        if is_loopback(&url) && !self.is_local() {
            return Err(refused(text, "the issuer is not on this machine"));
        }
        Ok(url)
    }
}

fn secure(url: &Url) -> Result<(), &'static str> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it has credentials in it");
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        _ => Err("it has to be https, or http on loopback"),
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    address.map_or(host == "localhost", |address| address.is_loopback())
}

fn refused(address: &str, reason: &'static str) -> RemoteError {
    // What may be a password is not repeated.
    let address = if address.contains('@') { "the address" } else { address };
    RemoteError::Address { address: address.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_is_asked_for_except_on_this_machine() {
        for good in [
            "https://id.example",
            "https://id.example/realms/a",
            "http://127.0.0.1:8000",
            "http://[::1]:1",
            "http://localhost:8000/",
        ] {
            assert!(Issuer::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://id.example",
            "http://127.0.0.1.example",
            "http://localhost.example",
            "http://10.0.0.1",
            "ftp://127.0.0.1",
            "id.example",
            "",
            "https://ana:secret@id.example",
            "https://id.example?x=1",
            "https://id.example#x",
        ] {
            let error = Issuer::parse(bad).unwrap_err();
            assert!(matches!(error, RemoteError::Address { .. }), "{bad}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn metadata_is_looked_for_where_both_standards_have_it() {
        let at = |issuer: &str| -> Vec<String> {
            Issuer::parse(issuer).unwrap().metadata().into_iter().map(String::from).collect()
        };
        assert_eq!(
            at("https://id.example/"),
            [
                "https://id.example/.well-known/oauth-authorization-server",
                "https://id.example/.well-known/openid-configuration"
            ]
        );
        assert_eq!(
            at("https://id.example/realms/a"),
            [
                "https://id.example/.well-known/oauth-authorization-server/realms/a",
                "https://id.example/realms/a/.well-known/openid-configuration",
                "https://id.example/realms/a/.well-known/oauth-authorization-server"
            ]
        );
    }

    #[test]
    fn an_issuer_elsewhere_cannot_send_us_to_this_machine() {
        let far = Issuer::parse("https://id.example").unwrap();
        assert!(far.endpoint("https://keys.example/jwks").is_ok());
        for bad in ["http://id.example/jwks", "https://127.0.0.1/jwks", "http://localhost/jwks", "/jwks"] {
            assert!(far.endpoint(bad).is_err(), "{bad}");
        }
        let near = Issuer::parse("http://127.0.0.1:1").unwrap();
        assert!(
            near.endpoint("http://127.0.0.1:2/jwks").is_ok()
                && near.endpoint("https://id.example/jwks").is_ok()
        );
        assert!(near.endpoint("http://id.example/jwks").is_err());
    }
}
