//! Calls of a session: one request each with the token, and a second one after a 401.

use reqwest::header::WWW_AUTHENTICATE;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;

use crate::{Error, Session};

/// A call of a [`Session`], to be completed and sent.
#[must_use = "nothing happens before `send`"]
pub struct Call {
    session: Session,
    request: Result<RequestBuilder, Error>,
}

impl Session {
    /// A `GET` of a path, which may have a query: `/posts?limit=2`.
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// A `POST` to a path.
    pub fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    /// A `PUT` to a path.
    pub fn put(&self, path: &str) -> Call {
        self.call(Method::PUT, path)
    }

    /// A `PATCH` of a path.
    pub fn patch(&self, path: &str) -> Call {
        self.call(Method::PATCH, path)
    }

    /// A `DELETE` of a path.
    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// A call by any method.
    pub fn call(&self, method: Method, path: &str) -> Call {
        Call { session: self.clone(), request: self.request(method, path) }
    }
}

/// Whether the token is good, and its user has to prove again who they are (RFC 9470): another token would not help.
fn asks_for_more(response: &Response) -> bool {
    let challenges = response.headers().get_all(WWW_AUTHENTICATE);
    challenges
        .iter()
        .any(|one| one.to_str().is_ok_and(|text| text.contains("insufficient_user_authentication")))
}

impl Call {
    /// With a JSON body.
    pub fn json(self, body: &(impl Serialize + ?Sized)) -> Self {
        self.with(|request| request.json(body))
    }

    /// Adds what reqwest offers: a header, another body, a time limit of its own.
    pub fn with(self, complete: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        Self { request: self.request.map(complete), ..self }
    }

    /// Sends it, and once more with a new token if it is answered 401; a body that is a stream cannot be sent
    /// twice. A service that refuses the new one, too, gets no other for a minute: it may not trust this
    /// Keyward. Statuses are yours to look at: [`Response::error_for_status`] makes errors of them.
    ///
    /// # Errors
    ///
    /// [`Error::Http`] without an answer; those of [`Session::token`] without a token; [`Error::Address`] for a path that leads
    /// elsewhere.
    pub async fn send(self) -> Result<Response, Error> {
        let request = self.request?;
        let again = request.try_clone();
        let token = self.session.fresh(None).await?;
        let response = request.bearer_auth(&token).send().await?;
        let refused = response.status() == StatusCode::UNAUTHORIZED && !asks_for_more(&response);
        let Some(again) = again.filter(|_| refused && self.session.may_replace()) else {
            return Ok(response);
        };
        let token = self.session.fresh(Some(&token)).await?;
        let response = again.bearer_auth(token).send().await?;
        self.session.replaced(response.status() != StatusCode::UNAUTHORIZED);
        Ok(response)
    }
}
