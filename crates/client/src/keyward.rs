//! A Keyward by its address: how one logs in there, and what the token endpoints answer.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Response, StatusCode, redirect};
use serde::de::DeserializeOwned;

use crate::address::Address;
use crate::grant::{Client, Grant, Login, Own, Pair, Refresh, Refused, Renewal};
use crate::{Error, Session};

/// A login waits for its turn at hashing.
const LOGIN: Duration = Duration::from_secs(30);
/// Keyward repeats the answer to a refresh for ten seconds, so an answer that was lost must be asked for again in that time.
const RENEWAL: Duration = Duration::from_secs(4);

const FORM: &str = "application/x-www-form-urlencoded";

/// A Keyward, by its address. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Keyward {
    pub(crate) address: Address,
    pub(crate) http: reqwest::Client,
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

    /// Logs a program in as itself, with the id and the secret that `keyward client create` printed, for all that it was
    /// registered for (RFC 6749, section 4.4).
    ///
    /// Its calls go to services that trust this Keyward, by [`Session::at`]: Keyward's own routes are for users.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidClient`], [`Error::Unavailable`] and [`Error::Unexpected`].
    pub async fn log_in_client(&self, id: &str, secret: &str) -> Result<Session, Error> {
        self.open_client(None, id, secret).await
    }

    /// Logs a program in as itself for no more than a scope.
    ///
    /// # Errors
    ///
    /// Those of [`Keyward::log_in_client`], and [`Error::Scope`] where the client was not registered for it.
    pub async fn log_in_client_for(&self, scope: &str, id: &str, secret: &str) -> Result<Session, Error> {
        self.open_client(Some(scope), id, secret).await
    }

    async fn open(&self, login: Login<'_>) -> Result<Session, Error> {
        let request = self.post("/login")?.timeout(LOGIN).json(&login);
        let response = request.send().await.map_err(away)?;
        if response.status() == StatusCode::FORBIDDEN {
            return Err(Error::Unverified);
        }
        let pair: Pair = read(response, Error::InvalidCredentials).await?;
        Ok(Session::new(self.clone(), pair.into()))
    }

    async fn open_client(&self, scope: Option<&str>, id: &str, secret: &str) -> Result<Session, Error> {
        let scope = scope.map(str::to_owned);
        let renewal = Renewal::Client(Client { id: id.to_owned(), secret: secret.to_owned(), scope });
        Ok(Session::new(self.clone(), self.renew(&renewal).await?))
    }

    /// The next token. A lost answer is asked for once more: Keyward repeats a refresh for a few seconds, and a client may ask for as
    /// many tokens as it likes.
    pub(crate) async fn renew(&self, renewal: &Renewal) -> Result<Grant, Error> {
        match self.ask(renewal).await {
            Err(Error::Unavailable { retry_after: None }) => self.ask(renewal).await,
            grant => grant,
        }
    }

    async fn ask(&self, renewal: &Renewal) -> Result<Grant, Error> {
        let (request, refused) = match renewal {
            Renewal::RefreshToken(refresh_token) => {
                (self.post("/refresh_token")?.json(&Refresh { refresh_token }), Error::SessionOver)
            }
            Renewal::Client(client) => {
                let [id, secret] = client.basic();
                let request = self.post("/oauth/token")?.basic_auth(id, Some(secret));
                (request.header(CONTENT_TYPE, FORM).body(client.form()), Error::InvalidClient)
            }
        };
        let response = request.timeout(RENEWAL).send().await.map_err(away)?;
        match renewal {
            Renewal::RefreshToken(_) => Ok(read::<Pair>(response, refused).await?.into()),
            Renewal::Client(client) => Ok(read::<Own>(response, refused).await?.of(client.clone())),
        }
    }

    fn post(&self, path: &str) -> Result<RequestBuilder, Error> {
        Ok(self.http.post(self.address.join(path)?))
    }
}

fn away(_: reqwest::Error) -> Error {
    Error::Unavailable { retry_after: None }
}

/// What a token endpoint answers, where 401 means `unauthorized`.
async fn read<T: DeserializeOwned>(response: Response, unauthorized: Error) -> Result<T, Error> {
    let status = response.status();
    let unexpected = Error::Unexpected { status: status.as_u16() };
    if status == StatusCode::BAD_REQUEST {
        let refused = response.json::<Refused>().await;
        let scope = refused.is_ok_and(|refused| refused.error == "invalid_scope");
        return Err(if scope { Error::Scope } else { unexpected });
    }
    if !status.is_success() {
        return Err(Error::of(&response, unauthorized));
    }
    response.json().await.map_err(|error| if error.is_decode() { unexpected } else { away(error) })
}
