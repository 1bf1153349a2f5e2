//! How a session comes by its next access token: by a refresh token, or by a client's id and secret.

use serde::{Deserialize, Serialize};

use crate::form::encode;

/// What the next token is requested with. Without `Debug`, because it holds a secret.
#[derive(Clone)]
pub(crate) enum Renewal {
    /// A user's: good once, and handed out anew each time.
    RefreshToken(String),
    /// A user's through a public client (RFC 6749, section 6): good once, too.
    ThroughClient { client_id: String, refresh_token: String },
    /// A client's own (RFC 6749, section 4.4).
    Client(Client),
    /// Nothing: an API key is the token, and there is no next one.
    ApiKey,
}

/// A registered client, and what it asks for.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) scope: Option<String>,
}

/// A token, how long it is good in seconds, and what the next one is asked for with.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) access_token: String,
    pub(crate) expires_in: u32,
    pub(crate) renewal: Renewal,
}

/// What a login and a refresh hand out.
#[derive(Deserialize)]
pub(crate) struct Pair {
    access_token: String,
    refresh_token: String,
    expires_in: u32,
    /// Of a login through a client with the scope `openid`.
    pub(crate) id_token: Option<String>,
}

/// What a client is handed out.
#[derive(Deserialize)]
pub(crate) struct Own {
    access_token: String,
    expires_in: u32,
}

#[derive(Serialize)]
pub(crate) struct Login<'a> {
    pub(crate) username: &'a str,
    pub(crate) password: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) otp: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<&'a str>,
}

#[derive(Serialize)]
pub(crate) struct Refresh<'a> {
    pub(crate) refresh_token: &'a str,
}

/// An error's code (RFC 6749, section 5.2).
#[derive(Deserialize)]
pub(crate) struct Refused {
    pub(crate) error: String,
}

impl From<Pair> for Grant {
    fn from(pair: Pair) -> Self {
        let renewal = Renewal::RefreshToken(pair.refresh_token);
        Self { access_token: pair.access_token, expires_in: pair.expires_in, renewal }
    }
}

impl Pair {
    /// The pair of a login through a public client.
    pub(crate) fn through(self, client_id: &str) -> Grant {
        let Self { access_token, refresh_token, expires_in, .. } = self;
        let renewal = Renewal::ThroughClient { client_id: client_id.to_owned(), refresh_token };
        Grant { access_token, expires_in, renewal }
    }
}

impl Own {
    pub(crate) fn of(self, client: Client) -> Grant {
        let renewal = Renewal::Client(client);
        Grant { access_token: self.access_token, expires_in: self.expires_in, renewal }
    }
}

impl Client {
    /// The form that asks for a token.
    pub(crate) fn form(&self) -> String {
        let scope = self.scope.as_deref().map(|scope| ("scope", scope));
        encode([("grant_type", "client_credentials")].into_iter().chain(scope))
    }

    /// Id and secret for HTTP Basic, each encoded as in a form first (RFC 6749, section 2.3.1).
    pub(crate) fn basic(&self) -> [String; 2] {
        [&self.id, &self.secret].map(|text| encode([(text.as_str(), "")]).trim_end_matches('=').to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_a_secret_and_a_scope_may_hold_anything() {
        let client = |scope: Option<&str>| Client {
            id: "a:b c".to_owned(),
            secret: "d=%é".to_owned(),
            scope: scope.map(str::to_owned),
        };
        assert_eq!(client(None).basic(), ["a%3Ab+c", "d%3D%25%C3%A9"]);
        assert_eq!(client(None).form(), "grant_type=client_credentials");
        let form = "grant_type=client_credentials&scope=a%3Aread+b%26c";
        assert_eq!(client(Some("a:read b&c")).form(), form);
    }
}
