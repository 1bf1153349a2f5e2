//! The token endpoints of a Keyward: what is sent to them, and what they answer.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::Error;
use crate::address::Address;
use crate::body::{Unread, json};
use crate::form::{encode, with_form};
use crate::grant::{Grant, Own, Pair, Refresh, Refused, Renewal};
use crate::half_login::Unauthorized;
use crate::oauth;

/// Keyward repeats the answer to a refresh for ten seconds, so an answer that was lost must be asked for
/// again in that time.
const RENEWAL: Duration = Duration::from_secs(4);
/// How long the end of a session may take, during which other processes may wait for the lock of its store.
pub(crate) const ENDING: Duration = Duration::from_secs(5);
/// How long every other call to Keyward may take, but for those that wait for their turn at hashing.
const CALL: Duration = Duration::from_secs(10);

/// Where a Keyward is, and the HTTP client that reaches it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Endpoints {
    pub(crate) address: Address,
    pub(crate) http: reqwest::Client,
}

impl Endpoints {
    /// The next token. A lost answer is asked for once more: Keyward repeats a refresh for a few seconds, and
    /// a client may ask for as many tokens as it likes.
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
                (with_form(request, client.form()), Error::InvalidClient)
            }
            Renewal::ThroughClient { client_id, refresh_token } => {
                return self.renew_through(client_id, refresh_token).await;
            }
            Renewal::ApiKey => return Err(Error::SessionOver),
        };
        let response = request.timeout(RENEWAL).send().await.map_err(away)?;
        match renewal {
            Renewal::RefreshToken(_) => Ok(read::<Pair>(response, refused).await?.into()),
            Renewal::Client(client) => Ok(read::<Own>(response, refused).await?.of(client.clone())),
            Renewal::ThroughClient { .. } | Renewal::ApiKey => Err(refused),
        }
    }

    /// The next pair of a user who logged in through a public client (RFC 6749, section 6).
    async fn renew_through(&self, client_id: &str, refresh_token: &str) -> Result<Grant, Error> {
        let fields =
            [("grant_type", "refresh_token"), ("refresh_token", refresh_token), ("client_id", client_id)];
        let request = with_form(self.post("/oauth/token")?, encode(fields)).timeout(RENEWAL);
        let pair = oauth::ask::<Pair>(request).await;
        pair.map(|pair| pair.through(client_id)).map_err(|refusal| refusal.into_error(Error::SessionOver))
    }

    /// Ends the session of a refresh token (RFC 7009). A client that has been removed has no session left.
    pub(crate) async fn revoke(&self, client_id: &str, refresh_token: &str) -> Result<(), Error> {
        let fields =
            [("token", refresh_token), ("token_type_hint", "refresh_token"), ("client_id", client_id)];
        let request = with_form(self.post("/oauth/revoke")?, encode(fields)).timeout(ENDING);
        match oauth::send(request).await.map_err(|refusal| refusal.into_error(Error::SessionOver)) {
            Ok(_) | Err(Error::SessionOver | Error::InvalidClient) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Result<RequestBuilder, Error> {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Result<RequestBuilder, Error> {
        self.request(Method::POST, path)
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Error> {
        Ok(self.http.request(method, self.address.join(path)?).timeout(CALL))
    }
}

/// The error of a request without an answer.
pub(crate) fn away(_: reqwest::Error) -> Error {
    Error::Unavailable { retry_after: None }
}

/// What a token endpoint answers, where 401 means `unauthorized`.
pub(crate) async fn read<T: DeserializeOwned>(response: Response, unauthorized: Error) -> Result<T, Error> {
    let status = response.status();
    let unexpected = Error::Unexpected { status: status.as_u16() };
    if status == StatusCode::BAD_REQUEST {
        let refused = json::<Refused>(response).await;
        let scope = refused.is_ok_and(|refused| refused.error == "invalid_scope");
        return Err(if scope { Error::Scope } else { unexpected });
    }
    if !status.is_success() {
        return Err(Error::of(&response, unauthorized));
    }
    json(response).await.map_err(|unread| match unread {
        Unread::Unfit => unexpected,
        Unread::Away => Error::Unavailable { retry_after: None },
    })
}

/// The tokens of a login, where a 401 that says no more means `unauthorized`.
pub(crate) async fn tokens(response: Response, unauthorized: Error) -> Result<Pair, Error> {
    if response.status() != StatusCode::UNAUTHORIZED {
        return read(response, unauthorized).await;
    }
    Err(match json(response).await {
        Ok(Unauthorized::MfaRequired(half)) => Error::SecondFactor(half),
        Ok(Unauthorized::WrongCode) => Error::WrongCode,
        Ok(Unauthorized::InvalidPasskey) => Error::InvalidPasskey,
        Ok(Unauthorized::InvalidMfaToken) => Error::LoginOver,
        _ => unauthorized,
    })
}
