//! The token endpoints of a Keyward: what is sent to them, and what they answer.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::Error;
use crate::address::Address;
use crate::grant::{Grant, Own, Pair, Refresh, Refused, Renewal};
use crate::half_login::Unauthorized;

/// Keyward repeats the answer to a refresh for ten seconds, so an answer that was lost must be asked for
/// again in that time.
const RENEWAL: Duration = Duration::from_secs(4);

const FORM: &str = "application/x-www-form-urlencoded";

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
                (request.header(CONTENT_TYPE, FORM).body(client.form()), Error::InvalidClient)
            }
            Renewal::ApiKey => return Err(Error::SessionOver),
        };
        let response = request.timeout(RENEWAL).send().await.map_err(away)?;
        match renewal {
            Renewal::RefreshToken(_) => Ok(read::<Pair>(response, refused).await?.into()),
            Renewal::Client(client) => Ok(read::<Own>(response, refused).await?.of(client.clone())),
            Renewal::ApiKey => Err(refused),
        }
    }

    pub(crate) fn post(&self, path: &str) -> Result<RequestBuilder, Error> {
        Ok(self.http.post(self.address.join(path)?))
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
        let refused = response.json::<Refused>().await;
        let scope = refused.is_ok_and(|refused| refused.error == "invalid_scope");
        return Err(if scope { Error::Scope } else { unexpected });
    }
    if !status.is_success() {
        return Err(Error::of(&response, unauthorized));
    }
    response.json().await.map_err(|error| if error.is_decode() { unexpected } else { away(error) })
}

/// The tokens of a login, where a 401 that says no more means `unauthorized`.
pub(crate) async fn tokens(response: Response, unauthorized: Error) -> Result<Pair, Error> {
    if response.status() != StatusCode::UNAUTHORIZED {
        return read(response, unauthorized).await;
    }
    Err(match response.json().await {
        Ok(Unauthorized::MfaRequired(half)) => Error::SecondFactor(half),
        Ok(Unauthorized::WrongCode) => Error::WrongCode,
        Ok(Unauthorized::InvalidPasskey) => Error::InvalidPasskey,
        Ok(Unauthorized::InvalidMfaToken) => Error::LoginOver,
        _ => unauthorized,
    })
}
