//! A Keyward by its address: how one logs in there, and what the two token endpoints answer.

use std::time::Duration;

use reqwest::{Response, StatusCode, redirect};
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::{Error, Session};

/// A login waits for its turn at hashing.
const LOGIN: Duration = Duration::from_secs(30);
/// Keyward repeats the answer to a refresh for ten seconds, so an answer that was lost must be asked for again in that time.
const REFRESH: Duration = Duration::from_secs(4);

/// A Keyward, by its address. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Keyward {
    pub(crate) address: Address,
    pub(crate) http: reqwest::Client,
}

/// What a login and a refresh hand out. Without `Debug`, as whatever holds a token.
#[derive(Deserialize)]
pub(crate) struct Pair {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) expires_in: u32,
}

#[derive(Serialize)]
struct Login<'a> {
    username: &'a str,
    password: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
}

#[derive(Serialize)]
struct Refresh<'a> {
    refresh_token: &'a str,
}

/// An error's code (RFC 6749, section 5.2).
#[derive(Deserialize)]
struct Refused {
    error: String,
}

impl Keyward {
    /// A Keyward at this address, such as `https://auth.example.com`. Nothing is sent yet.
    ///
    /// Calls get 30 seconds, follow no redirect, and go to a loopback host directly, whatever proxy the environment names.
    ///
    /// # Errors
    ///
    /// [`Error::Address`] unless it is https, or http on a loopback host; [`Error::Http`] on a machine without root certificates.
    pub fn at(address: &str) -> Result<Self, Error> {
        let address = Address::parse(address)?;
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(LOGIN)
            .user_agent(concat!("keyward-client/", env!("CARGO_PKG_VERSION")));
        let http = if address.is_loopback() { http.no_proxy() } else { http };
        Ok(Self { address, http: http.build()? })
    }

    /// The same with an HTTP client of your own: your proxy, your certificate authority, your time limits.
    ///
    /// Build it without redirects, for reqwest repeats a 307 or 308 with its body, the password.
    ///
    /// # Errors
    ///
    /// [`Error::Address`] as [`Keyward::at`].
    pub fn with_http(address: &str, http: reqwest::Client) -> Result<Self, Error> {
        Ok(Self { address: Address::parse(address)?, http })
    }

    /// Logs in for all that the account may do.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCredentials`], [`Error::Unverified`], [`Error::Throttled`], [`Error::Unavailable`] and
    /// [`Error::Unexpected`].
    pub async fn log_in(&self, email: &str, password: &str) -> Result<Session, Error> {
        self.open(Login { username: email, password, scope: None }).await
    }

    /// Logs in for no more than a scope: `"posts:read posts:write"`.
    ///
    /// # Errors
    ///
    /// Those of [`Keyward::log_in`], and [`Error::Scope`] where the account may not have it.
    pub async fn log_in_for(&self, scope: &str, email: &str, password: &str) -> Result<Session, Error> {
        self.open(Login { username: email, password, scope: Some(scope) }).await
    }

    async fn open(&self, login: Login<'_>) -> Result<Session, Error> {
        let response = self.ask("/login", &login, LOGIN).await?;
        if response.status() == StatusCode::FORBIDDEN {
            return Err(Error::Unverified);
        }
        if response.status() == StatusCode::BAD_REQUEST {
            let unexpected = Error::of(&response, Error::InvalidCredentials);
            let refused = response.json::<Refused>().await;
            let scope = refused.is_ok_and(|refused| refused.error == "invalid_scope");
            return Err(if scope { Error::Scope } else { unexpected });
        }
        Ok(Session::new(self.clone(), pair(response, Error::InvalidCredentials).await?))
    }

    /// The next pair. A lost answer is asked for once more: Keyward repeats it for a few seconds.
    pub(crate) async fn refresh(&self, refresh_token: &str) -> Result<Pair, Error> {
        let body = Refresh { refresh_token };
        let response = match self.ask("/refresh_token", &body, REFRESH).await {
            Err(Error::Unavailable { retry_after: None }) => {
                self.ask("/refresh_token", &body, REFRESH).await?
            }
            response => response?,
        };
        pair(response, Error::SessionOver).await
    }

    async fn ask(&self, path: &str, body: &impl Serialize, patience: Duration) -> Result<Response, Error> {
        let request = self.http.post(self.address.join(path)?).timeout(patience).json(body);
        request.send().await.map_err(|_| Error::Unavailable { retry_after: None })
    }
}

async fn pair(response: Response, unauthorized: Error) -> Result<Pair, Error> {
    if !response.status().is_success() {
        return Err(Error::of(&response, unauthorized));
    }
    let unexpected = Error::Unexpected { status: response.status().as_u16() };
    response.json().await.map_err(|_| unexpected)
}
