//! Settings of second factors.

use std::net::IpAddr;

use axum::http::Uri;
use clap::Args;
use keyward_domain::factors::policy::SecondFactor;
use keyward_domain::values::relying_party::RelyingParty;

use crate::boundary::cors::PageOrigin;

/// Who has to have a second factor.
#[derive(Args, Clone, Debug)]
pub struct FactorSettings {
    /// Who has to have a second factor: `optional`, `administrators` or `required`. Who has to and has
    /// none gets tokens that are good for enrolling one
    #[arg(long, env = "KEYWARD_SECOND_FACTOR", default_value = "optional", value_name = "WHO",
        value_parser = ["optional", "administrators", "required"])]
    pub second_factor: String,

    /// The domain that passkeys belong to (WebAuthn's RP ID): the issuer's host, or a domain that it is below, as in `example.com`
    /// for `https://login.example.com`. Registered passkeys are lost with another one [default: the issuer's host]
    #[arg(long, env = "KEYWARD_PASSKEY_RP_ID", value_name = "DOMAIN", value_parser = domain)]
    pub passkey_rp_id: Option<String>,

    /// Further origins whose pages may make and use passkeys, as in `https://app.example.com,https://example.de`; those of other
    /// domains than that are published at `/.well-known/webauthn` [default: the issuer's own]
    #[arg(long, env = "KEYWARD_PASSKEY_ORIGINS", value_name = "ORIGINS", value_delimiter = ',')]
    pub passkey_origins: Vec<PageOrigin>,
}

impl FactorSettings {
    /// Who has to have a second factor.
    pub fn policy(&self) -> SecondFactor {
        match self.second_factor.as_str() {
            "required" => SecondFactor::Required,
            "administrators" => SecondFactor::Administrators,
            _ => SecondFactor::Optional,
        }
    }

    /// That passkeys belong to the issuer's host or to a domain around it, and that no page in clear uses them beside an encrypted
    /// issuer: anyone on its network could change it. Those of `localhost` never leave the machine.
    ///
    /// # Errors
    /// A sentence that names the setting, and the origin.
    pub fn check(&self, issuer: &str) -> Result<(), String> {
        self.check_domain(issuer)?;
        let local = |host: &str| host == "localhost" || host.ends_with(".localhost");
        let in_clear = |origin: &&PageOrigin| {
            let uri: Option<Uri> = origin.as_str().parse().ok();
            let uri = uri.filter(|uri| uri.scheme_str() == Some("http"));
            uri.is_some_and(|uri| !uri.host().is_some_and(local))
        };
        let encrypted = issuer.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
        match self.passkey_origins.iter().find(in_clear).filter(|_| encrypted) {
            Some(origin) => Err(format!(
                "KEYWARD_PASSKEY_ORIGINS: {} is not encrypted, and the issuer is; write https://",
                origin.as_str()
            )),
            None => Ok(()),
        }
    }

    /// That browsers let the issuer's pages use passkeys of the domain that was set.
    fn check_domain(&self, issuer: &str) -> Result<(), String> {
        let Some(domain) = &self.passkey_rp_id else { return Ok(()) };
        let Some((host, _)) = host_and_origin(issuer) else {
            return Err(format!(
                "KEYWARD_PASSKEY_RP_ID: passkeys need a host name, and the issuer {issuer} has an IP address; set KEYWARD_ISSUER"
            ));
        };
        let below = host
            .strip_suffix(domain.as_str())
            .is_some_and(|rest| rest.ends_with('.') && domain.contains('.'));
        if host == *domain || below {
            return Ok(());
        }
        Err(format!(
            "KEYWARD_PASSKEY_RP_ID: {domain} is neither the issuer's host, {host}, nor a domain that it is below, as in example.com for login.example.com"
        ))
    }

    /// Whom passkeys are for: the domain that was set, or the issuer's host. `None` where that is an IP address, which passkeys
    /// cannot belong to.
    pub fn relying_party(&self, issuer: &str) -> Option<RelyingParty> {
        let (host, own) = host_and_origin(issuer)?;
        let further = self.passkey_origins.iter().map(|origin| origin.as_str().to_owned());
        let origins = [own].into_iter().chain(further).collect();
        let id = self.passkey_rp_id.clone().unwrap_or(host);
        Some(RelyingParty { name: id.clone(), id, origins })
    }
}

/// The host name of an issuer, and its origin as browsers write it; `None` where the host is an IP address.
fn host_and_origin(issuer: &str) -> Option<(String, String)> {
    let uri: Uri = issuer.parse().ok()?;
    let (scheme, host) = (uri.scheme_str()?, uri.host()?.to_ascii_lowercase());
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() {
        return None;
    }
    let port = uri.port_u16().filter(|port| ![("http", 80), ("https", 443)].contains(&(scheme, *port)));
    let origin = match port {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    };
    Some((host, origin))
}

/// A domain, as browsers write it.
fn domain(text: &str) -> Result<String, String> {
    let label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && plain && !label.starts_with('-') && !label.ends_with('-')
    };
    let sound = text.len() <= 253 && text.split('.').all(label) && text.parse::<IpAddr>().is_err();
    if sound {
        return Ok(text.to_ascii_lowercase());
    }
    Err("write a domain without scheme, port and path, as in example.com".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_an_encrypted_issuer_pages_in_clear_use_no_passkeys() {
        let of = |origins: &[&str]| FactorSettings {
            second_factor: "optional".to_owned(),
            passkey_rp_id: None,
            passkey_origins: origins.iter().map(|origin| origin.parse().unwrap()).collect(),
        };
        let mixed = of(&["https://a.example", "http://b.example:3000"]);
        let refused = mixed.check("https://login.example.com").unwrap_err();
        assert!(refused.contains("KEYWARD_PASSKEY_ORIGINS: http://b.example:3000 "), "{refused}");
        assert_eq!(mixed.check("http://localhost:8000"), Ok(()));
        let local = of(&["https://a.example", "http://localhost:3000", "http://app.localhost"]);
        assert_eq!(local.check("https://login.example.com"), Ok(()));
        assert!(of(&["http://notlocalhost"]).check("HTTPS://login.example.com").is_err());
    }

    #[test]
    fn passkeys_belong_to_the_host_of_the_issuer_unless_that_is_an_ip_address() {
        let settings = FactorSettings {
            second_factor: "optional".to_owned(),
            passkey_rp_id: None,
            passkey_origins: vec!["https://a.example".parse().unwrap()],
        };
        for (issuer, id, own) in [
            ("http://localhost:8000", "localhost", "http://localhost:8000"),
            ("https://Login.Example.com/auth", "login.example.com", "https://login.example.com"),
            ("https://example.com:443", "example.com", "https://example.com"),
            ("https://example.com:8443/", "example.com", "https://example.com:8443"),
        ] {
            let party = settings.relying_party(issuer).unwrap();
            assert_eq!(
                (&*party.id, party.origins),
                (id, vec![own.to_owned(), "https://a.example".to_owned()])
            );
        }
        for issuer in ["http://127.0.0.1:8000", "http://[::1]:8000", "https://192.0.2.1"] {
            assert_eq!(settings.relying_party(issuer), None, "{issuer}");
        }
    }

    #[test]
    fn passkeys_may_belong_to_a_domain_around_the_issuer_and_to_no_other() {
        let of = |id: &str| FactorSettings {
            second_factor: "optional".to_owned(),
            passkey_rp_id: Some(domain(id).unwrap()),
            passkey_origins: vec![
                "https://shop.example.com".parse().unwrap(),
                "https://a.example".parse().unwrap(),
            ],
        };
        for (id, issuer) in [
            ("Example.com", "https://login.example.com"),
            ("login.example.com", "https://login.example.com:8443/auth"),
            ("localhost", "http://localhost:8000"),
        ] {
            let settings = of(id);
            assert_eq!(settings.check(issuer), Ok(()), "{id}");
            assert_eq!(settings.relying_party(issuer).unwrap().id, id.to_ascii_lowercase());
        }
        let party = of("example.com").relying_party("https://login.example.com").unwrap();
        assert_eq!(party.origins[0], "https://login.example.com");
        assert_eq!(party.related().collect::<Vec<_>>(), ["https://a.example"]);
        for (id, issuer) in [
            ("com", "https://example.com"),
            ("ample.com", "https://example.com"),
            ("a.example.com", "https://example.com"),
            ("example.org", "https://example.com"),
            ("localhost", "http://127.0.0.1:8000"),
        ] {
            let refused = of(id).check(issuer).unwrap_err();
            assert!(refused.starts_with("KEYWARD_PASSKEY_RP_ID: "), "{id}: {refused}");
        }
        for text in [
            "",
            "https://example.com",
            "example.com:443",
            "example.com/",
            "127.0.0.1",
            "a..b",
            "-a.com",
            "\u{fc}.com",
        ] {
            assert!(domain(text).is_err(), "{text:?}");
        }
    }
}
