//! The relying party of passkeys (WebAuthn, section 4): the host that they belong to, and the pages that may use them.

/// The host that passkeys belong to, and the pages that may use them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// The host name, in lower case. An IP address cannot be one.
    pub id: String,
    /// What authenticators show.
    pub name: String,
    /// The origins of pages that may make and use passkeys, as browsers write them.
    pub origins: Vec<String>,
}

impl RelyingParty {
    /// The origins that browsers accept only where `/.well-known/webauthn` lists them (WebAuthn level 3, section 5.11): those
    /// of another host than the relying party's.
    pub fn related(&self) -> impl Iterator<Item = &str> {
        self.origins.iter().map(String::as_str).filter(|origin| !self.covers(origin))
    }

    /// Whether the host of an origin is the relying party's or below it.
    fn covers(&self, origin: &str) -> bool {
        let host = origin.split_once("://").map_or(origin, |(_, rest)| rest);
        let host = host.split(':').next().unwrap_or(host);
        host.strip_suffix(&self.id).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_of_other_hosts_are_related_ones() {
        let origins = [
            "https://example.com",
            "https://login.example.com:8443",
            "https://notexample.com",
            "https://example.de",
        ];
        let party = RelyingParty {
            id: "example.com".to_owned(),
            name: "Example".to_owned(),
            origins: origins.map(str::to_owned).to_vec(),
        };
        assert_eq!(party.related().collect::<Vec<_>>(), ["https://notexample.com", "https://example.de"]);
    }
}
