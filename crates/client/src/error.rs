//! What can go wrong. An error never repeats what was sent or answered: either may hold a secret.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};

use crate::half_login::HalfLogin;

/// Why there is no session, no token, or no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not an address that a password or a token may go to, or a path that leads elsewhere.
    #[error("an address is https, or http on a loopback host, and a path begins with a slash")]
    Address,
    /// There is no such account, or it has another password; which of them, Keyward does not say.
    #[error("wrong e-mail or password")]
    InvalidCredentials,
    /// The password is right, but the e-mail address has to be verified first; a mail with a code and a link is on its way.
    #[error("the e-mail address is not verified yet")]
    Unverified,
    /// The password is right, and the account owes a second factor: see [`Keyward::finish_login`](crate::Keyward::finish_login).
    #[error("a second factor is required")]
    SecondFactor(HalfLogin),
    /// The code of the second factor is wrong, or was used before.
    #[error("wrong code")]
    WrongCode,
    /// The passkey is not sound or not the account's, or its challenge has expired or was used.
    #[error("the passkey was not accepted: ask for it again")]
    InvalidPasskey,
    /// This Keyward offers no passkeys.
    #[error("no passkeys are offered here")]
    NoPasskeys,
    /// The login took too long, was finished, or its account has changed since: begin again.
    #[error("the login is over: begin again")]
    LoginOver,
    /// There is no client with this id and secret, or it is not registered for this way to log in.
    #[error("wrong client id or secret")]
    InvalidClient,
    /// That is no API key.
    #[error("an API key is kwp_ and 38 letters and digits")]
    ApiKey,
    /// The account, or the client, may not have the scope that was asked for.
    #[error("this scope is not to be had")]
    Scope,
    /// The person, or Keyward, did not allow the login.
    #[error("the login was not allowed")]
    Denied,
    /// Keyward refused the login with another code, of RFC 6749 or OpenID Connect.
    #[error("the login was refused: {code}")]
    Refused {
        /// The code: at most 60 letters and underscores.
        code: String,
    },
    /// This Keyward is named otherwise (RFC 8414, section 3.3), or the answer to a login came from another one (RFC 9207).
    #[error("this Keyward has another name: use the address that it has as its issuer")]
    Issuer,
    /// The ID token is of another issuer, another client or another login, or has expired: is the clock of this machine right?
    #[error("the ID token is not this login's")]
    IdToken,
    /// This Keyward has no pages for people, and so no login through a browser.
    #[error("no login through a browser is offered here")]
    NoPages,
    /// This machine opens no port for the login.
    #[error("no port could be opened for the login: {0}")]
    Listener(#[source] std::io::Error),
    /// The session's tokens could not be read from where they are kept, or not be written there.
    #[error("the session could not be kept: {0}")]
    Store(#[source] std::io::Error),
    /// Too many wrong passwords or codes, or too many logins at once.
    #[error("too many attempts: try again in {} s", retry_after.as_secs())]
    Throttled {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Logged out, here or elsewhere, idle for too long, or no longer a client: only a login helps.
    #[error("the session is over: log in again")]
    SessionOver,
    /// Keyward is overloaded, out of reach, or has an error of its own.
    #[error("Keyward is not available now")]
    Unavailable {
        /// How long to wait, if Keyward said so.
        retry_after: Option<Duration>,
    },
    /// Keyward answered what it does not answer here.
    #[error("an unexpected answer: status {status}")]
    Unexpected {
        /// The status of the answer.
        status: u16,
    },
    /// A call got no answer, or could not be made.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
}

impl Error {
    /// What a status of Keyward's says, where 401 means `unauthorized`.
    pub(crate) fn of(response: &Response, unauthorized: Self) -> Self {
        let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let retry_after = seconds.map(Duration::from_secs);
        match response.status() {
            StatusCode::UNAUTHORIZED => unauthorized,
            StatusCode::TOO_MANY_REQUESTS => Self::Throttled { retry_after: retry_after.unwrap_or_default() },
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable { retry_after },
            // What a proxy says while Keyward restarts.
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                Self::Unavailable { retry_after: None }
            }
            status => Self::Unexpected { status: status.as_u16() },
        }
    }
}
