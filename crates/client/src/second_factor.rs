//! Logins that owe a second factor.

use std::fmt;

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};

use crate::endpoints::{away, read};
use crate::grant::Pair;
use crate::{Error, Keyward, Session};

/// A login whose password was right, and which owes a second factor: see [`Keyward::finish_login`]. It is good for five minutes,
/// and once. `Debug` does not print its token.
#[derive(Clone, Deserialize)]
pub struct HalfLogin {
    mfa_token: String,
    mfa_methods: Vec<String>,
}

impl HalfLogin {
    /// What will do: `otp` (a code of an authenticator app), `recovery_code`, or what a later Keyward knows.
    pub fn methods(&self) -> impl Iterator<Item = &str> {
        self.mfa_methods.iter().map(String::as_str)
    }
}

impl fmt::Debug for HalfLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HalfLogin").field("mfa_methods", &self.mfa_methods).finish_non_exhaustive()
    }
}

/// What is shown as a second factor. Without `Debug`, because it is as good as a password.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SecondFactor<'a> {
    /// A code of an authenticator app: six digits.
    Otp(&'a str),
    /// A recovery code, which is good once.
    RecoveryCode(&'a str),
}

#[derive(Serialize)]
struct Finish<'a> {
    mfa_token: &'a str,
    #[serde(flatten)]
    answer: SecondFactor<'a>,
}

/// Why a 401 is one, where an answer says so.
#[derive(Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
enum Unauthorized {
    MfaRequired(HalfLogin),
    WrongCode,
    InvalidMfaToken,
    #[serde(other)]
    Other,
}

impl Keyward {
    /// Finishes a login that owes a second factor. A wrong code does not use it up.
    ///
    /// # Errors
    ///
    /// [`Error::WrongCode`], [`Error::LoginOver`], [`Error::Throttled`], [`Error::Unavailable`] and [`Error::Unexpected`].
    pub async fn finish_login(&self, half: &HalfLogin, answer: SecondFactor<'_>) -> Result<Session, Error> {
        let finish = Finish { mfa_token: &half.mfa_token, answer };
        let response = self.endpoints.post("/login/mfa")?.json(&finish).send().await.map_err(away)?;
        let pair = tokens(response, Error::LoginOver).await?;
        Ok(Session::new(self.endpoints.clone(), pair.into()))
    }
}

/// The tokens of a login, where a 401 that says no more means `unauthorized`.
pub(crate) async fn tokens(response: reqwest::Response, unauthorized: Error) -> Result<Pair, Error> {
    if response.status() != StatusCode::UNAUTHORIZED {
        return read(response, unauthorized).await;
    }
    Err(match response.json().await {
        Ok(Unauthorized::MfaRequired(half)) => Error::SecondFactor(half),
        Ok(Unauthorized::WrongCode) => Error::WrongCode,
        Ok(Unauthorized::InvalidMfaToken) => Error::LoginOver,
        _ => unauthorized,
    })
}
