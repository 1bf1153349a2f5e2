//! What the OAuth2 endpoints answer a public client.

use reqwest::{RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::body::{Unread, json};

/// The error of a request without a whole answer.
const AWAY: Error = Error::Unavailable { retry_after: None };

/// Why an OAuth2 endpoint gave no token.
pub(crate) enum Refusal {
    /// It named a code: of RFC 6749, section 5.2, or of RFC 8628, section 3.5.
    Code(String),
    /// It is not available, or answered something else.
    Other(Error),
}

/// An error's body (RFC 6749, section 5.2).
#[derive(Deserialize)]
struct Body {
    error: String,
}

/// Sends a request of a public client, and reads the answer.
pub(crate) async fn ask<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Refusal> {
    let response = send(request).await?;
    let unexpected = Error::Unexpected { status: response.status().as_u16() };
    json(response).await.map_err(|unread| {
        Refusal::Other(match unread {
            Unread::Unfit => unexpected,
            Unread::Away => AWAY,
        })
    })
}

/// Trades what is good once for tokens. Where the answer was lost, or was no answer of Keyward's, it is sent once more: if it had been
/// used, that ends the session, whose tokens no one has.
pub(crate) async fn trade<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Refusal> {
    let again = request.try_clone();
    let answer = ask(request).await;
    let is_lost = matches!(&answer, Err(refusal) if refusal.is_lost());
    match again.filter(|_| is_lost) {
        Some(again) => ask(again).await.or(answer),
        None => answer,
    }
}

/// Sends a request of a public client, and returns an answer that is a success.
pub(crate) async fn send(request: RequestBuilder) -> Result<Response, Refusal> {
    let response = request.send().await.map_err(|_| Refusal::Other(AWAY))?;
    if response.status().is_success() {
        return Ok(response);
    }
    // Without a code it is not Keyward's: a proxy's, say.
    let other = Error::of(&response, Error::Unexpected { status: response.status().as_u16() });
    // 429 and 503 are about time, with any code.
    if ![StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN]
        .contains(&response.status())
    {
        return Err(Refusal::Other(other));
    }
    Err(json::<Body>(response).await.map_or(Refusal::Other(other), |body| Refusal::Code(body.error)))
}

impl Refusal {
    /// Whether there may have been tokens in an answer that was lost, or that cannot be read.
    pub(crate) fn is_lost(&self) -> bool {
        match self {
            Self::Code(_) => false,
            Self::Other(Error::Unexpected { status }) => (200..300).contains(status),
            Self::Other(error) => matches!(error, Error::Unavailable { .. }),
        }
    }

    /// As an error, where `invalid_grant` means `over`.
    pub(crate) fn into_error(self, over: Error) -> Error {
        match self {
            Self::Code(code) if code == "invalid_grant" => over,
            Self::Code(code) => of_code(&code),
            Self::Other(error) => error,
        }
    }
}

/// The error of a code.
pub(crate) fn of_code(code: &str) -> Error {
    match code {
        "access_denied" => Error::Denied,
        "invalid_scope" | "invalid_target" => Error::Scope,
        "invalid_client" | "unauthorized_client" => Error::InvalidClient,
        "temporarily_unavailable" => Error::Unavailable { retry_after: None },
        // From outside, and on its way to a terminal.
        other => {
            let plain = |letter: &char| letter.is_ascii_lowercase() || *letter == '_';
            Error::Refused { code: other.chars().filter(plain).take(60).collect() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_from_outside_is_cut_down_to_what_may_be_printed() {
        let Error::Refused { code } = of_code(&format!("\u{1b}[31mlogin_required{}", "x".repeat(900))) else {
            panic!("another error");
        };
        assert!(code.starts_with("mlogin_requiredx"), "{code}");
        assert_eq!(code.len(), 60);
    }
}
