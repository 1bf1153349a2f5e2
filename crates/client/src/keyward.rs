//! A Keyward by its address, and how one logs in there.

use std::fmt;
use std::time::Duration;

use reqwest::{Response, StatusCode, redirect};

use crate::address::Address;
use crate::endpoints::{Endpoints, away, read, tokens};
use crate::grant::{Client, Grant, Login, Renewal};
use crate::half_login::{Finish, HalfLogin, SecondFactor};
use crate::{Error, Session};

/// A login waits for its turn at hashing.
const LOGIN: Duration = Duration::from_secs(30);

/// A Keyward, by its address. Cheap to clone.
#[derive(Clone)]
pub struct Keyward {
    pub(crate) endpoints: Endpoints,
}

impl Keyward {
    /// A Keyward at this address, such as `https://auth.example.com`. Nothing is sent yet.
    ///
    /// Calls get 30 seconds, follow no redirect, and go to a loopback host directly, even where the environment names a proxy.
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
        Ok(Self { endpoints: Endpoints { address, http: http.build()? } })
    }

    /// The same with an HTTP client of your own: your proxy, your certificate authority. Its time limits are for your calls: those that
    /// log in, refresh and log out have limits of their own, 30 seconds at most.
    ///
    /// Build it without redirects, for reqwest repeats a 307 or 308 with its body, the password.
    ///
    /// # Errors
    ///
    /// [`Error::Address`] as [`Keyward::at`].
    pub fn with_http(address: &str, http: reqwest::Client) -> Result<Self, Error> {
        Ok(Self { endpoints: Endpoints { address: Address::parse(address)?, http } })
    }

    /// Logs in for all that the account may do.
    ///
    /// # Errors
    ///
    /// [`Error::SecondFactor`] where the account has one. [`Error::InvalidCredentials`], [`Error::Unverified`], [`Error::Throttled`], [`Error::Unavailable`] and
    /// [`Error::Unexpected`].
    pub async fn log_in(&self, email: &str, password: &str) -> Result<Session, Error> {
        self.open(Login { username: email, password, otp: None, scope: None }).await
    }

    /// Logs in with a code of an authenticator app beside the password.
    ///
    /// # Errors
    ///
    /// Those of [`Keyward::log_in`], and [`Error::WrongCode`].
    pub async fn log_in_with_code(&self, email: &str, password: &str, otp: &str) -> Result<Session, Error> {
        self.open(Login { username: email, password, otp: Some(otp), scope: None }).await
    }

    /// What an authenticator is to sign, for [`SecondFactor::Passkey`] and [`Keyward::log_in_with_passkey`]: a
    /// `PublicKeyCredentialRequestOptionsJSON` (WebAuthn level 3, section 5.5). It is good for five minutes, and once.
    ///
    /// # Errors
    ///
    /// [`Error::NoPasskeys`], [`Error::Unavailable`] and [`Error::Unexpected`].
    pub async fn passkey_options(&self) -> Result<serde_json::Value, Error> {
        let request = self.endpoints.post("/login/passkey/options")?.json(&serde_json::json!({}));
        let response = request.send().await.map_err(away)?;
        if response.status() == StatusCode::CONFLICT {
            return Err(Error::NoPasskeys);
        }
        read(response, Error::Unexpected { status: StatusCode::UNAUTHORIZED.as_u16() }).await
    }

    /// Logs in with a passkey, which names the account: `assertion` is what an authenticator answered to
    /// [`Keyward::passkey_options`], as `toJSON()` gives it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPasskey`], [`Error::NoPasskeys`], [`Error::Unverified`], [`Error::Throttled`], [`Error::Unavailable`] and
    /// [`Error::Unexpected`].
    pub async fn log_in_with_passkey(&self, assertion: &serde_json::Value) -> Result<Session, Error> {
        let request = self.endpoints.post("/login/passkey")?.timeout(LOGIN).json(assertion);
        let response = request.send().await.map_err(away)?;
        if response.status() == StatusCode::CONFLICT {
            return Err(Error::NoPasskeys);
        }
        self.opened(response, Error::InvalidPasskey).await
    }

    /// Finishes a login that owes a second factor. A wrong answer does not use it up.
    ///
    /// # Errors
    ///
    /// [`Error::WrongCode`], [`Error::InvalidPasskey`], [`Error::LoginOver`], [`Error::Throttled`], [`Error::Unavailable`] and [`Error::Unexpected`].
    pub async fn finish_login(&self, half: &HalfLogin, answer: SecondFactor<'_>) -> Result<Session, Error> {
        let finish = Finish { mfa_token: &half.mfa_token, answer };
        let request = self.endpoints.post("/login/mfa")?.timeout(LOGIN).json(&finish);
        let response = request.send().await.map_err(away)?;
        let pair = tokens(response, Error::LoginOver).await?;
        Ok(Session::new(self.endpoints.clone(), pair.into()))
    }

    /// Logs in for no more than a scope: `"posts:read posts:write"`.
    ///
    /// # Errors
    ///
    /// Those of [`Keyward::log_in`], and [`Error::Scope`] where the account may not have it.
    pub async fn log_in_for(&self, scope: &str, email: &str, password: &str) -> Result<Session, Error> {
        self.open(Login { username: email, password, otp: None, scope: Some(scope) }).await
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

    /// A session with an API key, whose calls send the key in place of an access token. Nothing is sent yet, and nothing is renewed:
    /// a call with a key that is no longer good is answered 401.
    ///
    /// # Errors
    ///
    /// [`Error::ApiKey`] for what does not look like a key: `kwp_` and 38 letters and digits.
    pub fn with_api_key(&self, key: &str) -> Result<Session, Error> {
        let rest = key.strip_prefix("kwp_").ok_or(Error::ApiKey)?;
        if rest.len() != 38 || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Error::ApiKey);
        }
        let grant = Grant { access_token: key.to_owned(), expires_in: u32::MAX, renewal: Renewal::ApiKey };
        Ok(Session::new(self.endpoints.clone(), grant))
    }

    async fn open(&self, login: Login<'_>) -> Result<Session, Error> {
        let request = self.endpoints.post("/login")?.timeout(LOGIN).json(&login);
        self.opened(request.send().await.map_err(away)?, Error::InvalidCredentials).await
    }

    /// The session of a login's answer, where a 401 that says no more means `unauthorized`.
    async fn opened(&self, response: Response, unauthorized: Error) -> Result<Session, Error> {
        if response.status() == StatusCode::FORBIDDEN {
            return Err(Error::Unverified);
        }
        let pair = tokens(response, unauthorized).await?;
        Ok(Session::new(self.endpoints.clone(), pair.into()))
    }

    async fn open_client(&self, scope: Option<&str>, id: &str, secret: &str) -> Result<Session, Error> {
        let scope = scope.map(str::to_owned);
        let renewal = Renewal::Client(Client { id: id.to_owned(), secret: secret.to_owned(), scope });
        Ok(Session::new(self.endpoints.clone(), self.endpoints.renew(&renewal).await?))
    }
}

impl fmt::Debug for Keyward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Endpoints { address, http } = &self.endpoints;
        f.debug_struct("Keyward").field("address", address).field("http", http).finish()
    }
}
